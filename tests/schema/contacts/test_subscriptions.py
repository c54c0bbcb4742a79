"""A page that shows contacts learns of each change to them within moments, and of no other contacts."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from models import db
from models.changelog import contact_hints
from models.changelog.contact_hints import ChangedContacts, contacts_changed
from models.contacts.activities import NewActivity, record
from models.contacts.create import create_contact
from models.membership.batches import process_batch
from permissions.principal import Scope
from permissions.roles import Role
from schema.contacts.contact_watch import ContactWatch, WatchTimes
from schema.server.ids import to_global_id
from tests.kit.api import Api, bearer_of
from tests.kit.segments import new_contacts
from tests.kit.workspaces import new_workspace
from workers.broker import connected_broker

WATCH = """subscription ($ids: [ID!]!) { contactsChanged(ids: $ids) {
    contacts { id name tags activities(first: 1) { nodes { kind } } } deletedIds } }"""


class HintsByTest:
    """Hints that a test gives."""

    def __init__(self) -> None:
        self.given: asyncio.Queue[ChangedContacts] = asyncio.Queue()

    async def tell(self, changes: Sequence[ChangedContacts]) -> None:
        for change in changes:
            self.given.put_nowait(change)

    @asynccontextmanager
    async def hear_changes(self) -> AsyncIterator[AsyncIterator[ChangedContacts]]:
        async def heard() -> AsyncIterator[ChangedContacts]:
            while True:
                yield await self.given.get()

        yield heard()


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
def hints() -> Any:
    made = HintsByTest()
    contact_hints.use(made)
    yield made
    contact_hints.use(None)


async def soon(events: AsyncIterator[Any], seconds: float = 2.0) -> Any:
    return await asyncio.wait_for(anext(events), seconds)


async def rename(contact_id: int, name: str) -> None:
    await db.execute("UPDATE contacts SET name = $2 WHERE id = $1", contact_id, name)


def shown(event: dict[str, Any]) -> tuple[list[str], list[str]]:
    change = event["data"]["contactsChanged"]
    return [one["name"] for one in change["contacts"]], change["deletedIds"]


async def test_a_change_by_whomever_is_on_the_screen_within_a_second(scope: Scope, redis_url: str) -> None:
    api, (ada, bea, other) = Api(), await new_contacts(scope, 3)
    for contact_id, name in ((ada, "Ada"), (bea, "Bea")):
        await rename(contact_id, name)
    await process_batch(scope.workspace_id, 1000)
    stranger = (await create_contact(await new_workspace("Other"), {"name": "Secret"}))["id"]
    gone = [to_global_id("Contact", stranger), to_global_id("Contact", 999_999)]
    ids = [*(to_global_id("Contact", contact_id) for contact_id in (ada, bea)), *gone]
    async with connected_broker(redis_url):
        events = api.listen(await bearer_of(scope), WATCH, ids=ids)
        assert shown(await soon(events)) == (["Ada", "Bea"], gone)
        await asyncio.sleep(0.3)  # it hears by now
        began_at = time.monotonic()
        await rename(other, "Nobody looks")
        await rename(stranger, "Still secret")
        await rename(ada, "Ada Lovelace")
        await process_batch(scope.workspace_id, 1000)
        assert shown(await soon(events)) == (["Ada Lovelace"], [])
        assert time.monotonic() - began_at < 1

        await record(scope, [NewActivity("purchase", bea)])
        await process_batch(scope.workspace_id, 1000)
        event = await soon(events)
        [changed] = event["data"]["contactsChanged"]["contacts"]
        assert (changed["name"], changed["activities"]["nodes"]) == ("Bea", [{"kind": "purchase"}])
        await db.execute("DELETE FROM contacts WHERE id = $1", ada)
        await process_batch(scope.workspace_id, 1000)
        assert shown(await soon(events)) == ([], [ids[0]])
        await events.aclose()  # type: ignore[attr-defined]


async def test_lost_hints_cost_seconds_and_no_change(scope: Scope) -> None:
    ada, bea = await new_contacts(scope, 2)
    watch = ContactWatch(WatchTimes(hearing=60, deaf=0.1))
    changes = watch.follow(scope.workspace_id, [ada, bea])
    assert await soon(changes) == {ada, bea}
    await rename(bea, "B")
    assert await soon(changes) == {bea}
    await db.execute("DELETE FROM contacts WHERE id = $1", ada)
    assert await soon(changes) == {ada}
    with pytest.raises(TimeoutError):
        await soon(changes, 0.4)
    await changes.aclose()
    assert watch.is_idle


async def test_hints_are_told_at_most_ten_times_a_second_and_too_many_are_looked_for(
    scope: Scope, hints: HintsByTest
) -> None:
    ada, bea, cea = await new_contacts(scope, 3)
    watch = ContactWatch(WatchTimes(hearing=60, deaf=60))
    changes, others = watch.follow(scope.workspace_id, [ada, bea]), watch.follow(scope.workspace_id, [cea])
    assert (await soon(changes), await soon(others)) == ({ada, bea}, {cea})
    began_at, told = time.monotonic(), 0
    while time.monotonic() - began_at < 0.5:
        await contacts_changed(scope.workspace_id, [ada, cea])
        await contacts_changed(scope.workspace_id + 1, [bea])
        if await soon(changes) == {ada}:
            told += 1
    assert 2 <= told <= 7
    assert await soon(others) == {cea}
    await rename(bea, "B")
    await contacts_changed(scope.workspace_id, range(10**6, 10**6 + contact_hints.MOST + 1))
    assert await soon(changes) == {bea}
    await changes.aclose()
    assert not watch.is_idle
    await others.aclose()
    assert watch.is_idle


async def test_what_is_asked_wrongly_is_refused(scope: Scope) -> None:
    api, (ada,) = Api(), await new_contacts(scope, 1)
    bearer, outside = await bearer_of(scope), to_global_id("Contact", ada)
    for ids in ([], [outside] * 251, [outside, "nonsense"]):
        event = await soon(api.listen(bearer, WATCH, ids=ids))
        assert event["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    denied = await soon(api.listen(await bearer_of(scope, Role.USER), WATCH, ids=[outside]))
    assert denied["errors"][0]["extensions"]["code"] == "FORBIDDEN"
