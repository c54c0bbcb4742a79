"""Why a contact is, or is not, in a segment."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest

from models import db
from models.contacts.create import create_contact
from models.errors import NotFound
from models.rules.check import check
from models.segments.explain import explain, explain_membership
from tests.kit.draws import with_seeds
from tests.kit.oracle import holds, measure
from tests.kit.workspaces import new_workspace
from tests.kit.worlds import World

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


async def test_each_part_has_the_value_of_the_contact(database):
    scope = await new_workspace()
    contact = await create_contact(scope, {"name": "Ana", "score": 7, "tags": ["Botox"]})
    await db.execute(
        "INSERT INTO activities (workspace_id, contact_id, kind, occurred_at) VALUES ($1, $2, 'purchase', $3)",
        scope.workspace_id,
        contact["id"],
        NOW - timedelta(days=3),
    )
    rule = {
        "all": [
            {"tags": {"operator": "HAS_ANY", "tags": ["botox"]}},
            {"not": {"field": {"field": "score", "operator": "GT", "value": 5}}},
            {"field": {"field": "email", "operator": "IS_SET"}},
            {"activity": {"kind": "purchase", "within": "P7D", "operator": "GTE", "value": 1}},
        ]
    }
    told = await explain(scope, check(rule, World(1).catalogue), contact["id"], NOW)
    assert (told.holds, told.actual) == (False, None)
    assert [part.holds for part in told.children] == [True, False, False, True]
    assert [db.load_json(part.actual) for part in told.children] == [["Botox"], None, None, 1]
    (score,) = told.children[1].children
    assert (score.holds, score.text, score.actual) == (True, "score is more than 5", "7")


@with_seeds(6)
async def test_every_part_is_true_when_the_oracle_says_so(database, seed):
    world = World(seed, contacts=3)
    scope = await new_workspace(timezone=world.timezone)
    await world.store(scope.workspace_id)
    for rule in [*(world.rule(depth=4) for _ in range(7)), world.deep_rule()]:
        for contact in world.contacts:
            told = await explain(scope, check(rule, world.catalogue), contact["id"], world.now)
            _assert_right(told, rule, contact, world)


def exactly(text):
    return json.loads(text, parse_int=Decimal, parse_float=Decimal)


def _assert_right(told, rule, contact, world):
    """This part's truth, and what the contact is said to have, and so for each part of it."""
    assert told.holds == holds(rule, contact, world.kinds, world.now, world.timezone), rule
    assert told.text
    ((kind, body),) = rule.items()
    actual = None if told.actual is None else exactly(told.actual)
    if kind in ("all", "any", "not"):
        assert actual is None
    elif kind == "tags":
        assert actual == contact["tags"]
    elif kind == "segment":
        assert actual == (body["segmentId"] in contact["segments"])
    elif kind == "field" and body["field"].startswith("attributes."):
        assert actual == exactly(json.dumps(contact["attributes"].get(body["field"].removeprefix("attributes."))))
    elif kind == "activity" and body["metric"] in ("COUNT", "DISTINCT_COUNT"):
        assert Fraction(actual) == measure(body, contact, world.now, ZoneInfo(world.timezone))
    parts = body if kind in ("all", "any") else [body] if kind == "not" else []
    for child, part in zip(told.children, parts, strict=True):
        _assert_right(child, part, contact, world)


async def test_a_membership_is_explained_with_its_override(database):
    scope = await new_workspace()
    contact = await create_contact(scope, {"name": "Ana"})
    rule = {"field": {"field": "name", "operator": "EQUALS", "value": "Bea"}}
    segment = await db.fetch_value(
        "INSERT INTO segments (workspace_id, name, kind, rule, active_rule)"
        " VALUES ($1, 'Beas', 'DYNAMIC', $2, $2) RETURNING id",
        scope.workspace_id,
        db.dump_json(rule),
    )
    told = await explain_membership(scope, segment, contact["id"])
    assert (told.member, told.override, told.since, told.rule.holds) == (False, None, None, False)
    await db.execute(
        "INSERT INTO membership_overrides (workspace_id, segment_id, contact_id, override) VALUES ($1, $2, $3, 'INCLUDE')",
        scope.workspace_id,
        segment,
        contact["id"],
    )
    assert (await explain_membership(scope, segment, contact["id"])).override == "INCLUDE"


async def test_contacts_and_segments_of_another_workspace_are_not_explained(database):
    scope, other = await new_workspace(), await new_workspace("Other")
    contact = await create_contact(other, {"name": "theirs"})
    segment = await db.fetch_value(
        "INSERT INTO segments (workspace_id, name, kind) VALUES ($1, 'ours', 'STATIC') RETURNING id", scope.workspace_id
    )
    with pytest.raises(NotFound) as caught:
        await explain_membership(scope, segment, contact["id"])
    assert caught.value.path == ("contactId",)
    with pytest.raises(NotFound) as caught:
        await explain_membership(other, segment, contact["id"])
    assert caught.value.path == ("segmentId",)
