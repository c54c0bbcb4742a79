"""Messages of test runs: to the test's own phone, or nowhere. They are outside of the ledger."""

from collections.abc import Sequence

from models import db
from models.db.tables.broadcasts import MessageTemplate
from models.queue import requests
from models.queue.requests import ProviderRequestKind
from models.workflows.messages.decisions import Recipient
from permissions.principal import Scope


async def send(scope: Scope, test_id: int, template: MessageTemplate, to: Sequence[Recipient]) -> None:
    """What these contacts would get is sent to the phone of the test run, when it has one."""
    phone = await db.fetch_value(
        "SELECT phone FROM workflow_tests WHERE workspace_id = $1 AND id = $2", scope.workspace_id, test_id
    )
    if phone is None:
        return
    message = {"name": template.name, "language": template.language, "slots": template.slots}
    people = [{"contact": one.contact_id, "phone": phone, "parameters": list(one.parameters)} for one in to]
    await requests.ask(scope, ProviderRequestKind.TEST, {"message": message, "people": people})
