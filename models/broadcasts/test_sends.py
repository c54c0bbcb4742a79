"""Test sends of a broadcast."""

from collections.abc import Sequence

from models import db
from models.accounts import audit_log
from models.broadcasts import drafts
from models.messaging import rendering, test_sends
from models.queue.requests import ProviderRequest
from permissions.principal import Scope


async def ask(scope: Scope, broadcast_id: int, contact_ids: Sequence[int]) -> ProviderRequest:
    """Raises NotFound when there is no broadcast, and otherwise as `models.messaging.test_sends.ask`."""
    broadcast = await drafts.get(scope, broadcast_id)
    message = await drafts.message_of(scope, broadcast)
    bindings = rendering.from_json(broadcast.parameters)
    async with db.transaction():
        request = await test_sends.ask(scope, broadcast.template_id, message, bindings, contact_ids)
        people = len(request.input["people"])
        await audit_log.record(scope, "broadcast_test", "Broadcast", broadcast.id, {"contacts": people})
    return request
