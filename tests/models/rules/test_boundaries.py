"""What time alone can change is found by the lines that it passes: never less, and little more."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import db
from models.rules.boundaries import boundaries
from models.rules.catalogue import Catalogue, custom_field
from models.rules.check import check
from models.rules.parameters import Parameters
from models.rules.tree import FieldType
from tests.kit.oracle import holds
from tests.kit.worlds import World

EXAMPLES = int(os.environ.get("MUSTER_TEST_EXAMPLES", "25"))
STRETCHES = [
    timedelta(seconds=1),
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=7),
    timedelta(days=1),
    timedelta(days=40),
]


async def crossers(workspace_id, timezone, rule, since, now):
    """Who may have crossed a line of `rule` (a tree) in (since, now]."""
    p = Parameters(workspace_id, timezone)
    queries = [boundary.query(p) for boundary in boundaries(rule)]
    if not queries:
        return set()
    return {row["contact_id"] for row in await db.fetch(" UNION ALL ".join(queries), *await p.values(now, since))}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.integers(0, 2**32))
async def test_whoever_changes_by_time_alone_is_found(database, seed):
    world = World(seed, contacts=60)
    await world.store(seed + 1)
    end = world.now + world.random.choice([timedelta(0), timedelta(hours=2)])
    stretch = world.random.choice(STRETCHES)
    moments = [end - stretch * share for share in (1, world.random.random(), world.random.random(), 0)]
    for _ in range(12):
        rule = world.rule(depth=2, leaf=world.relative_leaf)
        found = await crossers(seed + 1, world.timezone, check(rule, world.catalogue), moments[0], end)
        truths = [
            {c["id"] for c in world.contacts if holds(rule, c, world.kinds, at, world.timezone)} for at in moments
        ]
        for at, truth in zip(moments, truths, strict=True):
            missed = (truth ^ truths[-1]) - found
            assert not missed, f"seed {seed}, {world.timezone}: {rule} changed between {at} and {end} for {missed}"
