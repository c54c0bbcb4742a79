"""The compiled SQL, in each of its three shapes, says what the naive oracle says."""

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import db
from models.rules.check import check
from models.rules.compile import batch, where, whole
from models.rules.parameters import Parameters
from tests.kit.oracle import holds
from tests.kit.worlds import World

EXAMPLES = int(os.environ.get("MUSTER_TEST_EXAMPLES", "40"))
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
    rules = [world.rule() for _ in range(60)]
    found = await _found_by_every_shape(world, rules, workspace_id=seed + 1)
    for rule, by_shape in zip(rules, found, strict=True):
        expected = {c["id"] for c in world.contacts if holds(rule, c, world.kinds, world.now, world.timezone)}
        for shape, ids in by_shape.items():
            assert ids == expected, _tell(world, rule, shape, ids, expected)


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
