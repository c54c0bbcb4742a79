"""Templates follow the account, and only an approved one can be sent."""

import pytest

from models import db
from models.errors import NotAllowedInState
from models.messaging import templates
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID
from sandbox.whatsapp.templates import TEMPLATES
from tests.kit.broadcasts import a_sender, template


async def test_listed_templates_are_stored_and_missing_ones_are_gone(database: str):
    scope = await a_sender()
    assert len(await templates.all_of(scope)) == len(TEMPLATES)
    strange = {"id": "1", "name": "map", "language": "en", "status": "APPROVED", "category": "UTILITY"}
    strange["components"] = [{"type": "HEADER", "format": "LOCATION"}, {"type": "BODY", "text": "Here"}]
    await templates.store(scope.workspace_id, BUSINESS_ACCOUNT_ID, [TEMPLATES[0], strange, {"nonsense": 1}])
    found = {one.name: one for one in await templates.all_of(scope)}
    assert set(found) == {"spring_sale", "map"}
    assert found["map"].unsupported == "a header of the format LOCATION"
    assert list(found["spring_sale"].parameters) == ["1", "2", "button.1"]
    assert found["spring_sale"].look == {
        "footer": "Muster Sandbox",
        "buttons": [{"kind": "QUICK_REPLY", "text": "Stop promotions"}, {"kind": "URL", "text": "Look"}],
    }
    assert found["map"].look == {"header": {"format": "LOCATION", "text": None}}
    await templates.store(scope.workspace_id, BUSINESS_ACCOUNT_ID, TEMPLATES)
    assert len(await templates.all_of(scope)) == len(TEMPLATES)


async def test_only_events_that_concern_sending_change_a_template_s_status(database: str):
    scope = await a_sender()

    async def after(event: str) -> str:
        await templates.status_changed(scope.workspace_id, BUSINESS_ACCOUNT_ID, "greeting", "en_US", event)
        return await db.fetch_value("SELECT status FROM message_templates WHERE name = 'greeting'")

    assert [await after(event) for event in ("PAUSED", "FLAGGED", "REINSTATED", "DISABLED")] == [
        "PAUSED",
        "PAUSED",
        "APPROVED",
        "DISABLED",
    ]
    assert not await templates.status_changed(scope.workspace_id, "another", "greeting", "en_US", "APPROVED")


async def test_only_a_template_that_is_approved_and_still_there_can_be_sent(database: str):
    scope = await a_sender()
    templates.must_be_sendable(await template(scope))
    await templates.status_changed(scope.workspace_id, BUSINESS_ACCOUNT_ID, "greeting", "en_US", "PAUSED")
    with pytest.raises(NotAllowedInState, match="greeting is paused"):
        templates.must_be_sendable(await template(scope))
    await templates.store(scope.workspace_id, BUSINESS_ACCOUNT_ID, TEMPLATES[:0])
    with pytest.raises(NotAllowedInState, match="no longer has the template greeting"):
        templates.must_be_sendable(await template(scope))
