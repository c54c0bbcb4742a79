"""A visitor who is nobody yet becomes somebody."""

import asyncio
import random
from typing import Any

import pytest

from models import db
from models.contacts.activities import NewActivity, record
from models.contacts.create import create_contact
from models.contacts.upsert import upsert_contact
from models.errors import Conflict, Invalid, MusterError, Problems, Required
from models.identity.identify import identify
from models.identity.merge import merge_contacts
from permissions.principal import Scope
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.workspaces import new_workspace

VISITOR = "5e1f-visitor"


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def visited(scope: Scope, visitor: str = VISITOR, times: int = 1) -> int:
    await record(scope, [NewActivity("product.visit", anonymous_id=visitor)] * times)
    return int(await db.fetch_value("SELECT contact_id FROM contact_aliases WHERE value = $1", visitor))


async def activities_of(contact_id: int) -> int:
    return int(await db.fetch_value("SELECT count(*) FROM activities WHERE contact_id = $1", contact_id))


async def test_visits_make_one_anonymous_contact(scope: Scope) -> None:
    await asyncio.gather(*(visited(scope, times=2) for _ in range(8)))
    rows = await db.fetch("SELECT id, external_id, email, phone FROM contacts")
    assert [tuple(row)[1:] for row in rows] == [(None, None, None)]
    assert await activities_of(rows[0]["id"]) == 16


async def test_the_anonymous_contact_becomes_known(scope: Scope) -> None:
    visitor = await visited(scope)
    row, created = await identify(scope, VISITOR, {"email": "ana@example.com", "name": "Ana"})
    assert (row["id"], row["email"], created) == (visitor, "ana@example.com", False)
    assert await visited(scope) == visitor, "later visits are hers"


async def test_the_anonymous_contact_is_merged_into_the_one_that_has_the_ids(scope: Scope) -> None:
    ana = (await create_contact(scope, {"email": "ana@example.com"}))["id"]
    visitor = await visited(scope, times=3)
    row, created = await identify(scope, VISITOR, {"email": "ana@example.com", "phone": "+34600111222"})
    assert (row["id"], row["phone"], created) == (ana, "+34600111222", False)
    assert await activities_of(ana) == 3
    assert await db.fetch_value("SELECT kept_id FROM merged_contacts WHERE merged_id = $1", visitor) == ana


@pytest.mark.parametrize("known", [True, False])
async def test_on_a_shared_device_nothing_is_merged(scope: Scope, known: bool) -> None:
    first = await visited(scope, times=2)
    await identify(scope, VISITOR, {"email": "ana@example.com"})
    if known:
        await create_contact(scope, {"email": "bob@example.com"})
    row, created = await identify(scope, VISITOR, {"email": "bob@example.com"})
    assert (row["id"] != first, created) == (True, not known)
    assert await activities_of(first) == 2
    assert await visited(scope) == row["id"], "who is there now"
    assert await db.fetch_value("SELECT count(*) FROM merged_contacts") == 0


@pytest.mark.parametrize(
    "value",
    ["", "0", "0000-0000", "null", "Undefined", "anonymous", "-1", "00000000-0000-0000-0000-000000000000", "x" * 201],
)
async def test_ids_that_stand_for_nobody_are_refused(scope: Scope, value: str) -> None:
    with pytest.raises(Invalid):
        await identify(scope, value, {"email": "ana@example.com"})
    with pytest.raises(Problems):
        await record(scope, [NewActivity("visit", anonymous_id=value)])
    assert await db.fetch_value("SELECT count(*) FROM contacts") == 0


async def test_who_a_visitor_is_must_be_said(scope: Scope) -> None:
    with pytest.raises(Required):
        await identify(scope, VISITOR, {"name": "Ana"})
    with pytest.raises(Problems, match="anonymousId alone"):
        await record(scope, [NewActivity("visit", external_id="1", anonymous_id=VISITOR)])


async def test_all_at_once_ends_in_one_consistent_state(scope: Scope) -> None:
    """Identifies, visits, upserts and merges of the same few people by many writers."""
    rng = random.Random(7)
    emails, visitors = [f"p{n}@example.com" for n in range(3)], [f"visitor-{n}" for n in range(3)]

    async def one(seed: int) -> Any:
        chosen = random.Random(seed)
        email, visitor = chosen.choice(emails), chosen.choice(visitors)
        match chosen.randrange(4):
            case 0:
                return await identify(scope, visitor, {"email": email})
            case 1:
                return await record(scope, [NewActivity("visit", anonymous_id=visitor)])
            case 2:
                return await upsert_contact(scope, {"email": email, "score": seed % 100})
            case _:
                ids = [row["id"] for row in await db.fetch("SELECT id FROM contacts ORDER BY id")]
                if len(ids) > 1:
                    keep, gone = chosen.sample(ids, 2)
                    return await merge_contacts(scope, keep, gone, {})
                return None

    seeds = [rng.randrange(10**6) for _ in range(120)]
    outcomes: list[Any] = []
    for start in range(0, len(seeds), 12):
        outcomes += await asyncio.gather(*(one(seed) for seed in seeds[start : start + 12]), return_exceptions=True)
    unexpected = [one for one in outcomes if isinstance(one, BaseException) and not isinstance(one, MusterError)]
    assert unexpected == []
    assert sum(isinstance(one, Conflict) for one in outcomes) < len(outcomes) / 4
    visits = sum(getattr(one, "recorded", 0) for one in outcomes)
    assert await db.fetch_value("SELECT count(*) FROM activities") == visits, "no visit is lost"
    assert (
        await db.fetch_value(
            "SELECT count(*) FROM merged_contacts m JOIN contacts c ON (c.workspace_id, c.id) = (m.workspace_id, m.merged_id)"
        )
        == 0
    )
    lost = await db.fetch(
        "SELECT m.* FROM merged_contacts m"
        " LEFT JOIN contacts c ON (c.workspace_id, c.id) = (m.workspace_id, m.kept_id) WHERE c.id IS NULL"
    )
    assert lost == [], "each id that was given answers"
    await settled(scope)
    await assert_all_is_right(scope)
