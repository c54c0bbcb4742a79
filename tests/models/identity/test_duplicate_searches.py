"""Among many contacts, names alike are compared by a worker, and the pages read what it kept."""

import random
from datetime import timedelta

import pytest

from models import clock, db
from models.contacts.create import create_contact
from models.contacts.delete import delete_contacts
from models.identity import duplicate_searches, duplicates
from permissions.principal import Scope
from tests.kit.queue import recording
from tests.kit.workspaces import new_workspace

NAMES = ["Ana García", "Ana Garcia", "Anna García", "Pedro Pascal", "Pedro Pascual", "Maria Lopez", "María López"]


@pytest.fixture
async def scope(database: str, monkeypatch: pytest.MonkeyPatch) -> Scope:
    monkeypatch.setattr(duplicate_searches, "FEW", 3)
    return await new_workspace()


async def people(scope: Scope, count: int) -> list[int]:
    dice = random.Random(7)
    return [
        (
            await create_contact(
                scope,
                {
                    "name": dice.choice(NAMES),
                    "date_of_birth": f"1990-05-0{dice.randint(1, 4)}",
                    "email": f"{dice.choice('abcdefg')}{number % 9}@{number}.example",
                    "phone": f"+3460000{number:04}",
                },
            )
        )["id"]
        for number in range(count)
    ]


async def shown(scope: Scope, limit: int = 1_000, after: tuple[int, int] = (0, 0)) -> list[tuple[object, ...]]:
    return [tuple(row) for row in await duplicates.pairs(scope, limit, after)]


async def test_a_search_keeps_what_a_comparison_at_once_finds(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = await people(scope, 60)
    assert await shown(scope) == []
    assert await duplicate_searches.state(scope) == duplicate_searches.Searched(None, is_asked=True)
    assert await duplicate_searches.search(scope.workspace_id)
    found = await shown(scope)
    with monkeypatch.context() as few:
        few.setattr(duplicate_searches, "FEW", 100)
        assert found == await shown(scope)
    assert len(found) > 20
    older, younger = found[3][1], found[3][0]
    await duplicates.dismiss(scope, older, younger)
    await delete_contacts(scope, [ids[-1]])
    left = await shown(scope)
    assert left == [one for one in found if one is not found[3] and ids[-1] not in one[:2]]
    of_one = [tuple(row) for row in await duplicates.pairs(scope, 1_000, contact_id=older)]
    assert of_one == [one for one in left if older in one[:2]]
    paged, after = [], (0, 0)
    while page := await shown(scope, 7, after):
        paged, after = paged + page, (page[-1][0], page[-1][1])
    assert paged == left


async def test_a_search_is_asked_for_when_the_last_one_is_old_and_only_then(scope: Scope) -> None:
    await people(scope, 4)
    now = clock.now()
    asked = ("find_duplicates", scope.workspace_id)
    with recording() as sender:
        for _ in range(2):
            await shown(scope)
        assert sender.sent == [asked]
        assert await duplicate_searches.wanted() == [scope.workspace_id]
        assert await duplicate_searches.search(scope.workspace_id)
        assert not await duplicate_searches.search(scope.workspace_id), "nobody asked"
        await shown(scope)
        assert sender.sent == [asked]
        clock.set_source(lambda: now + duplicate_searches.FRESH + timedelta(minutes=1))
        await shown(scope)
        assert sender.sent == [asked] * 2


async def test_a_search_whose_worker_died_is_begun_anew(scope: Scope) -> None:
    await people(scope, 4)
    await shown(scope)
    now = clock.now()
    await db.execute("UPDATE duplicate_searches SET started_at = $1", now)
    assert await duplicate_searches.wanted() == []
    assert not await duplicate_searches.search(scope.workspace_id), "another worker searches"
    clock.set_source(lambda: now + duplicate_searches.ABANDONED + timedelta(seconds=1))
    assert await duplicate_searches.wanted() == [scope.workspace_id]
    assert await duplicate_searches.search(scope.workspace_id)
    assert not (await duplicate_searches.state(scope)).is_asked


async def test_few_contacts_are_compared_at_once(scope: Scope) -> None:
    for _ in range(2):
        await create_contact(scope, {"name": "Ana García", "date_of_birth": "1990-05-01"})
    assert len(await shown(scope)) == 1
    assert not (await duplicate_searches.state(scope)).is_asked
    assert await duplicate_searches.wanted() == []
