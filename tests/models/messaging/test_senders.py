"""Contacts are found by number, by opaque id, and by what was said together."""

from models import clock, db
from models.messaging import senders
from models.messaging.provider_events import PreferenceEvent, Sender
from permissions.principal import Scope
from tests.kit.broadcasts import a_sender, people
from tests.kit.workspaces import new_workspace

ONE, TWO = "34600000001", "34600000002"


async def found(scope: Scope, *given: Sender) -> list[int | None]:
    async with db.transaction():
        events = [PreferenceEvent("n", one, True, clock.now()) for one in given]
        named = [event.sender for event in await senders.with_numbers(scope.workspace_id, events)]
        known = await senders.find_contacts(scope.workspace_id, set(named))
    return [known.get(one) for one in named]


async def test_a_sender_is_found_by_number_and_later_by_the_id_that_came_with_it(database: str):
    scope = await a_sender()
    first, second = await people(scope, 2)
    assert await found(scope, Sender(None, "ES.1"), Sender("999")) == [None, None]
    assert await found(scope, Sender(ONE, "ES.1"), Sender(TWO)) == [first, second]
    assert await found(scope, Sender(None, "ES.1")) == [first]
    assert await found(scope, Sender(TWO, "ES.1"), Sender(None, "ES.1")) == [second, second], "the last word counts"
    assert await db.fetch_value("SELECT count(*) FROM whatsapp_users") == 1


async def test_an_id_is_known_to_its_workspace_only(database: str):
    scope, other = await a_sender(), await new_workspace("Other")
    await people(scope, 1)
    await found(scope, Sender(ONE, "ES.1"))
    assert await found(other, Sender(None, "ES.1")) == [None]


async def test_a_tie_of_a_number_that_becomes_a_contact_later_is_heeded(database: str):
    scope = await a_sender()
    assert await found(scope, Sender(ONE, "ES.1")) == [None]
    (first,) = await people(scope, 1)
    assert await found(scope, Sender(None, "ES.1")) == [first]


async def test_an_anonymous_contact_gets_its_number_once_it_is_known(database: str):
    scope = await a_sender()
    async with db.transaction():
        made = await senders.create_anonymous(scope.workspace_id, Sender(None, "ES.1", "  "))
    assert await found(scope, Sender(None, "ES.1")) == [made]
    assert await found(scope, Sender(ONE, "ES.1")) == [made]
    assert tuple(await db.fetch_row("SELECT name, phone FROM contacts") or ()) == (None, f"+{ONE}")


async def test_a_deleted_anonymous_contact_is_nobody(database: str):
    scope = await a_sender()
    async with db.transaction():
        await senders.create_anonymous(scope.workspace_id, Sender(None, "ES.1"))
    await db.execute("DELETE FROM contacts")
    assert await found(scope, Sender(None, "ES.1"), Sender(ONE, "ES.1")) == [None, None]
