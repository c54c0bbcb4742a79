"""Recording and reading activities."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db
from models.contacts import activities
from models.contacts.activities import MOST_AT_ONCE, NewActivity
from models.contacts.create import create_contact
from models.errors import Invalid, LimitExceeded, NotFound, Problems, Required
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def workspace(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
async def ana(workspace: Scope) -> int:
    return int((await create_contact(workspace, {"external_id": "ana"}))["id"])


async def test_an_idempotency_key_records_one_activity(workspace: Scope, ana: int) -> None:
    first = [NewActivity("purchase", ana, idempotency_key=key, properties={"n": 1}) for key in ("a", "b", "a")]
    assert await activities.record(workspace, first) == (2, 1)
    second = [NewActivity("visit", ana, idempotency_key=key) for key in ("b", "c", None, None)]
    assert await activities.record(workspace, second) == (3, 1)
    stored = await db.fetch("SELECT idempotency_key, kind FROM activities WHERE idempotency_key IS NOT NULL ORDER BY 1")
    assert [tuple(row) for row in stored] == [("a", "purchase"), ("b", "purchase"), ("c", "visit")]
    other = await new_workspace("Other")
    bob = (await create_contact(other, {"external_id": "ana"}))["id"]
    assert await activities.record(other, [NewActivity("visit", bob, idempotency_key="a")]) == (1, 0)


async def test_the_same_keys_at_once_in_any_order_are_recorded_once(workspace: Scope, ana: int) -> None:
    keys = [f"key {number}" for number in range(40)]
    calls = [keys if turn % 2 else keys[::-1] for turn in range(8)]
    outcomes = await asyncio.gather(
        *(
            activities.record(workspace, [NewActivity("visit", ana, idempotency_key=key) for key in call])
            for call in calls
        )
    )
    assert sum(outcome.recorded for outcome in outcomes) == 40
    assert sum(outcome.duplicates for outcome in outcomes) == 7 * 40
    assert await db.fetch_value("SELECT count(*) FROM activities") == 40


async def test_one_wrong_activity_refuses_all_of_them(workspace: Scope, ana: int) -> None:
    other = await create_contact(await new_workspace("Other"), {"external_id": "stranger"})
    with pytest.raises(Problems) as refused:
        await activities.record(
            workspace,
            [
                NewActivity("purchase", ana),
                NewActivity("Purchase!", ana),
                NewActivity("purchase"),
                NewActivity("purchase", ana, "ana"),
                NewActivity("purchase", ana, properties=[1]),
                NewActivity("purchase", ana, properties={"a": "\x00"}, idempotency_key=" "),
            ],
        )
    assert [(type(error), error.path) for error in refused.value.errors] == [
        (Invalid, ("1", "kind")),
        (Required, ("2", "contactId")),
        (Invalid, ("3", "externalId")),
        (Invalid, ("4", "properties")),
        (Invalid, ("5", "properties", "a")),
        (Invalid, ("5", "idempotencyKey")),
    ]
    missing = [NewActivity("a", other["id"]), NewActivity("a", ana), NewActivity("a", external_id="stranger")]
    with pytest.raises(Problems) as refused:
        await activities.record(workspace, missing)
    assert [(type(error), error.path) for error in refused.value.errors] == [
        (NotFound, ("0", "contactId")),
        (NotFound, ("2", "externalId")),
    ]
    assert await db.fetch_value("SELECT count(*) FROM activities") == 0


async def test_at_most_a_thousand_activities_are_recorded_at_once(workspace: Scope, ana: int) -> None:
    many = [NewActivity("visit", ana, properties={"number": number}) for number in range(MOST_AT_ONCE)]
    assert await activities.record(workspace, many) == (MOST_AT_ONCE, 0)
    with pytest.raises(LimitExceeded):
        await activities.record(workspace, [*many, many[0]])
    assert await activities.record(workspace, []) == (0, 0)


async def test_an_activity_without_a_time_occurred_now(workspace: Scope, ana: int) -> None:
    moment = datetime(2026, 5, 1, 12, tzinfo=UTC)
    clock.set_source(lambda: moment)
    await activities.record(
        workspace, [NewActivity("visit", ana), NewActivity("visit", ana, occurred_at=moment.replace(day=2))]
    )
    stored = await db.fetch("SELECT occurred_at FROM activities ORDER BY id")
    assert [row["occurred_at"].day for row in stored] == [1, 2]


async def test_pages_of_activities_begin_with_the_newest(workspace: Scope, ana: int) -> None:
    bob = (await create_contact(workspace, {"external_id": "bob"}))["id"]
    start = datetime(2026, 5, 1, tzinfo=UTC)
    for number in range(5):
        kind = "odd" if number % 2 else "even"
        moment = start + timedelta(days=number // 2)
        await activities.record(
            workspace, [NewActivity(kind, ana, occurred_at=moment), NewActivity(kind, bob, occurred_at=moment)]
        )
    first = await activities.pages(workspace, [bob, ana], 3)
    assert [[row["id"] for row in first[number]] for number in (ana, bob)] == [[9, 7, 5], [10, 8, 6]]
    last = first[ana][-1]
    rest = await activities.pages(workspace, [ana], 3, after=(last["occurred_at"], last["id"]))
    assert [row["id"] for row in rest[ana]] == [3, 1]
    odd = await activities.pages(workspace, [ana], 9, kind="odd")
    assert [row["id"] for row in odd[ana]] == [7, 3]
