"""The compiled SQL, in each of its three shapes, agrees with a naive oracle."""

from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import clock, db
from models.rules.catalogue import Catalogue
from models.rules.check import check
from models.rules.compile import batch, where, whole
from models.rules.parameters import Parameters
from models.segments.preview import Wanted, preview
from tests.kit.oracle import holds
from tests.kit.workspaces import new_workspace
from tests.kit.worlds import World

EXAMPLES = 40
SEEDS = st.integers(0, 2**32)
HEAVY = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@HEAVY
@given(SEEDS)
async def test_every_shape_of_the_sql_agrees_with_the_oracle(database, seed):
    world = World(seed)
    rules = [*(world.rule() for _ in range(55)), *(world.deep_rule() for _ in range(5))]
    found = await _found_by_every_shape(world, rules, workspace_id=seed + 1)
    for rule, by_shape in zip(rules, found, strict=True):
        expected = {c["id"] for c in world.contacts if holds(rule, c, world.kinds, world.now, world.timezone)}
        for shape, ids in by_shape.items():
            assert ids == expected, _tell(world, rule, shape, ids, expected)


async def test_equal_to_true_and_equal_to_one_are_two_measures(database):
    """To Python, True is 1; and equal measures of two rules are taken once."""
    world = World(1, contacts=2)
    for contact, flag in zip(world.contacts, (True, 1), strict=True):
        contact["activities"] = [
            {"kind": "visit", "occurred_at": "2026-01-01T00:00:00+00:00", "properties": {"f": flag}}
        ]
    rules = [
        {"activity": {"kind": "visit", "where": [{"property": "f"} | part], "operator": "GTE", "value": 1}}
        for part in (
            {"operator": "EQUALS", "value": True},
            {"operator": "EQUALS", "value": 1},
            {"operator": "IN", "value": [True, 0]},
            {"operator": "IN", "value": [1, False]},
        )
    ]
    for by_shape in zip(*[found.values() for found in await _found_by_every_shape(world, rules, 1)], strict=True):
        true, one = ({contact["id"]} for contact in world.contacts)
        assert by_shape == (true, one, true, one)


LONG_LISTS = [
    {"tags": {"operator": "HAS_ANY", "tags": [f"tag {n}" for n in range(1_000)]}},
    {"field": {"field": "email", "operator": "IN", "value": [f"{n}@example.com" for n in range(1_000)]}},
    {"field": {"field": "score", "operator": "NOT_IN", "value": [n + 0.5 for n in range(1_000)]}},
]


@pytest.mark.parametrize("rule", LONG_LISTS)
def test_a_long_list_is_searched_by_key(rule):
    """PostgreSQL goes through an array of a prepared statement value by value; in a JSON object it looks a key up."""
    tree = check(rule, Catalogue())
    for compiled in (where, lambda tree, p: batch([tree], p).conditions[0]):
        assert "jsonb ?" in compiled(tree, Parameters(1, "UTC"))


async def test_no_value_is_made_from_a_text_for_each_row(database):
    """A cast of a text to an instant is done anew for every row, and takes longer than all else that is done with it."""
    for value in ("0001-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"):
        for operator, operand in (("LT", value), ("IN", [value, "2026-01-01T00:00:00Z"])):
            rule = {"field": {"field": "created_at", "operator": operator, "value": operand}}
            p = Parameters(1, "UTC")
            condition = where(check(rule, Catalogue()), p)
            sql = f"EXPLAIN SELECT c.id FROM contacts AS c WHERE c.workspace_id = {p.workspace} AND {condition}"
            plan = [row[0] for row in await db.fetch(sql, *await p.values(datetime.now(UTC)))]
            compared = [line for line in plan if "created_at" in line and ("Cond:" in line or "Filter:" in line)]
            assert compared, plan
            assert not any("::text" in line for line in compared), compared


@settings(HEAVY, max_examples=max(3, EXAMPLES // 8))
@given(SEEDS)
async def test_a_preview_counts_and_shows_what_the_oracle_finds(database, seed):
    world = World(seed)
    scope = await new_workspace(timezone=world.timezone)
    await world.store(scope.workspace_id)
    await world.store_catalogue(scope.workspace_id)
    clock.set_source(lambda: world.now)
    for rule in [world.rule() for _ in range(15)]:
        expected = sorted(c["id"] for c in world.contacts if holds(rule, c, world.kinds, world.now, world.timezone))
        seen = await preview(scope, rule, Wanted(5))
        assert (seen.count, seen.contact_ids) == (len(expected), tuple(expected[:5])), f"seed {seed}: {rule}"
        assert seen.rule_text


async def _found_by_every_shape(world, rules, workspace_id):
    await world.store(workspace_id)
    trees = [check(rule, world.catalogue) for rule in rules]
    p = Parameters(workspace_id, world.timezone)
    alone = [where(tree, p) for tree in trees]
    by_where = await _truths(world, p, alone, "")
    p = Parameters(workspace_id, world.timezone)
    grouped = whole(trees, p)
    by_whole = await _truths(world, p, grouped.conditions, grouped.joins)
    p = Parameters(workspace_id, world.timezone)
    lateral = batch(trees, p)
    by_batch = await _truths(world, p, lateral.conditions, lateral.joins)
    return [
        {"where": one, "whole": other, "batch": third}
        for one, other, third in zip(by_where, by_whole, by_batch, strict=True)
    ]


async def _truths(world, p, conditions, joins):
    """For each condition the ids of the contacts for which it holds."""
    columns = ", ".join(f"CASE WHEN {condition} THEN 1 END" for condition in conditions)
    sql = f"SELECT c.id, ARRAY[{columns}] AS held FROM contacts AS c {joins} WHERE c.workspace_id = {p.workspace}"
    rows = await db.fetch(sql, *await p.values(world.now))
    return [{row["id"] for row in rows if row["held"][place]} for place in range(len(conditions))]


def _tell(world, rule, shape, ids, expected):
    """Which rule is wrong of which contact, when and where."""
    wrong = [contact for contact in world.contacts if (contact["id"] in ids) != (contact["id"] in expected)]
    return f"seed {world.seed}, {shape}, {world.timezone}, {world.now.isoformat()}\n{rule}\nis wrong of {wrong[0]}"
