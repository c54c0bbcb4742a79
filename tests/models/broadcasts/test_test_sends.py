"""A test send goes to people who can get the message, or to nobody."""

import pytest

from models import db
from models.broadcasts import test_sends
from models.errors import DomainError, Problems
from models.messaging.rendering import Binding
from tests.kit.broadcasts import a_draft, a_segment, a_sender, people


async def test_a_test_send_with_one_unreachable_contact_is_refused_as_a_whole(database: str):
    scope = await a_sender()
    ids = await people(scope, 4)
    await db.execute("UPDATE contacts SET phone = NULL WHERE id = $1", ids[0])
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE id = $1", ids[1])
    await db.execute("UPDATE contacts SET name = NULL WHERE id = $1", ids[2])
    broadcast = await a_draft(scope, await a_segment(scope, []), parameters=[Binding("1", field="name")])
    with pytest.raises(Problems) as found:
        await test_sends.ask(scope, broadcast.id, [*ids, 999])
    assert [(error.code.value, error.path) for error in found.value.errors] == [
        ("INVALID", ("contactIds", "0")),
        ("NOT_ALLOWED_IN_STATE", ("contactIds", "1")),
        ("INVALID", ("contactIds", "2")),
        ("NOT_FOUND", ("contactIds", "4")),
    ]
    for wrong in ([], ids * 10):
        with pytest.raises(DomainError):
            await test_sends.ask(scope, broadcast.id, wrong)
    assert await db.fetch_value("SELECT count(*) FROM provider_requests") == 0
