"""Contacts that time alone can change are found by the thresholds that they cross."""

import re
import string
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import db
from models.db import migrations
from models.rules.catalogue import OPERATORS, Catalogue, custom_field
from models.rules.check import check
from models.rules.crossings import crossings_of
from models.rules.parameters import Parameters
from models.rules.tree import FieldOperator, FieldType
from tests.kit.oracle import holds
from tests.kit.worlds import World

EXAMPLES = 25
STRETCHES = [
    timedelta(seconds=1),
    timedelta(minutes=5),
    timedelta(hours=1),
    timedelta(hours=7),
    timedelta(days=1),
    timedelta(days=40),
]


async def crossers(workspace_id, timezone, rule, since, now):
    """Who may have crossed a threshold of `rule` (a tree) in (since, now]."""
    p = Parameters(workspace_id, timezone)
    queries = [crossing.query(p) for crossing in crossings_of(rule)]
    if not queries:
        return set()
    return {row["contact_id"] for row in await db.fetch(" UNION ALL ".join(queries), *await p.values(now, since))}


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.integers(0, 2**32))
async def test_every_contact_that_time_alone_changes_is_found(database, seed):
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


# ---------------------------------------------------------------- by example

FIELDS = [custom_field("renewal", "Renewal", FieldType.DATE), custom_field("seen", "Seen", FieldType.DATETIME)]
CATALOGUE = Catalogue("Europe/Madrid", {field.key: field for field in FIELDS})
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def tree(field, operator, value):
    return check({"field": {"field": field, "operator": operator, "value": value}}, CATALOGUE)


async def silent_since(workspace_id, *moments):
    return [
        await db.fetch_value(
            "INSERT INTO contacts (workspace_id, last_interaction_at) VALUES ($1, $2) RETURNING id",
            workspace_id,
            moment,
        )
        for moment in moments
    ]


async def test_a_tick_finds_only_the_contacts_that_crossed(database):
    threshold, second = NOON - timedelta(days=30), timedelta(seconds=1)
    ids = await silent_since(
        1, threshold - second, threshold, threshold + second / 2, threshold + second, threshold + 2 * second
    )
    rule = tree("last_interaction_at", "MORE_THAN_AGO", "P30D")
    assert await crossers(1, "UTC", rule, NOON, NOON + second) == set(ids[1:3])


async def test_two_ticks_find_each_contact_once(database):
    ids = await silent_since(1, *(NOON - timedelta(days=30) + timedelta(seconds=n) for n in range(10)))
    rule = tree("last_interaction_at", "MORE_THAN_AGO", "P30D")
    moments = [NOON, NOON + timedelta(seconds=3), NOON + timedelta(seconds=3), NOON + timedelta(seconds=10)]
    found = [await crossers(1, "UTC", rule, since, now) for since, now in pairwise(moments)]
    assert [len(some) for some in found] == [3, 0, 7]
    assert set().union(*found) == set(ids)


async def test_a_rule_without_relative_parts_has_no_crossings():
    assert crossings_of(tree("last_interaction_at", "LT", "2026-01-01T00:00:00Z")) == ()
    assert crossings_of(tree("name", "EQUALS", "Ana")) == ()


async def test_the_same_threshold_in_two_rules_is_one_crossing():
    one = tree("last_interaction_at", "MORE_THAN_AGO", "P30D")
    other = check(
        {"not": {"field": {"field": "last_interaction_at", "operator": "MORE_THAN_AGO", "value": "P4W2D"}}}, CATALOGUE
    )
    assert crossings_of(one) == crossings_of(other)


@pytest.mark.parametrize(
    ("field", "operator"),
    [
        ("last_interaction_at", "WITHIN_LAST"),
        ("subscribed_at", "WITHIN_NEXT"),
        ("date_of_birth", "MORE_THAN_AGO"),
        ("date_of_birth", "ANNIVERSARY_WITHIN_NEXT"),
        ("attributes.renewal", "WITHIN_NEXT"),
        ("attributes.renewal", "ANNIVERSARY_WITHIN_NEXT"),
        ("attributes.seen", "MORE_THAN_AGO"),
        ("updated_at", "MORE_THAN_AGO"),
    ],
)
async def test_every_crossing_of_a_field_uses_an_index(database, field, operator):
    await _many_contacts()
    for crossing in crossings_of(tree(field, operator, "P7D")):
        if crossing.index is not None:
            await db.execute(crossing.index.create)
        plan = await _plan(crossing)
        ranges = re.findall(r"Index Cond: (.*)", plan)
        assert ranges, plan
        assert all(found.count(" AND ") == 2 for found in ranges), plan


@pytest.mark.parametrize(("field", "width"), [("attributes.renewal", 10), ("attributes.seen", 27)])
async def test_another_workspace_can_keep_a_long_text_under_the_key_of_a_date(database, field, width):
    """An index is one for all workspaces, and no index takes a long text."""
    rule = tree(field, "WITHIN_NEXT", "P7D")
    for crossing in crossings_of(rule):
        await db.execute(crossing.index.create)
    text = "".join(Random(width).choices(string.printable, k=4_000))
    await db.execute(
        "INSERT INTO contacts (workspace_id, attributes) VALUES (2, jsonb_build_object($1::text, $2::text))",
        field.removeprefix("attributes."), text,
    )  # fmt: skip


@pytest.mark.parametrize("key", ["k", "x" * 29, "x" * 30, "y" * 63])
def test_the_name_of_an_index_is_its_own(key):
    """PostgreSQL would cut a longer one, and find another's."""
    fields = [custom_field(key, "A field", kind) for kind in (FieldType.DATE, FieldType.DATETIME)]
    rules = [
        check(
            {"field": {"field": field.key, "operator": operator, "value": "P1D"}}, Catalogue(custom={field.key: field})
        )
        for field in fields
        for operator in OPERATORS[field.type]
        if operator in (FieldOperator.WITHIN_LAST, FieldOperator.ANNIVERSARY_WITHIN_NEXT)
    ]
    names = [{crossing.index.name for crossing in crossings_of(rule)} for rule in rules]
    assert [len(some) for some in names] == [1, 1, 1]
    assert len(set().union(*names)) == 3
    assert all(len(name) <= 63 for some in names for name in some)


async def test_indexes_of_older_releases_get_the_names_of_today(another_database):
    key = "x" * 28
    rule = check({"field": {"field": f"attributes.{key}", "operator": "WITHIN_LAST", "value": "P1D"}},
                 Catalogue(custom={f"attributes.{key}": custom_field(key, "A field", FieldType.DATETIME)}))  # fmt: skip
    (index,) = {crossing.index for crossing in crossings_of(rule)}
    connection = await asyncpg.connect(another_database)
    try:
        old = f"contacts_attributes_{key}_datetime_time_idx"[:63]
        kept = f"(attributes ->> '{key}') COLLATE \"C\""
        await connection.execute(f"CREATE INDEX {old} ON contacts (workspace_id, ({kept})) WHERE ({kept}) IS NOT NULL")
        (migration,) = [path for path in migrations.migrations() if "indexes_of_lines" in path.stem]
        await connection.execute(migration.read_text())
        made = await connection.fetch(_INDEXES_OF, index.name)
        await connection.execute(f"DROP INDEX {index.name}")
        await connection.execute(index.create)
        assert await connection.fetch(_INDEXES_OF, index.name) == made
        assert len(made) == 1
    finally:
        await connection.close()


_INDEXES_OF = "SELECT indexdef FROM pg_indexes WHERE indexname = $1 OR indexname LIKE '%datetime%time%'"


async def test_the_crossings_of_activities_use_an_index(database):
    await _many_contacts()
    await db.execute(
        """
        INSERT INTO activities (workspace_id, contact_id, kind, occurred_at)
        SELECT 1, id, 'visit', updated_at FROM contacts WHERE workspace_id = 1
        """
    )
    await db.execute("ANALYZE activities")
    rule = check({"activity": {"kind": "visit", "within": "P7D", "operator": "GTE", "value": 1}}, CATALOGUE)
    for crossing in crossings_of(rule):
        assert "activities_kind_idx" in await _plan(crossing)


async def _many_contacts():
    """In an empty table any index is as good as another."""
    await db.execute(
        """
        INSERT INTO contacts (workspace_id, date_of_birth, subscribed_at, last_interaction_at, updated_at, attributes)
        SELECT 1, '1950-01-01'::date + n * 7, now() - n * interval '1 hour', now() - n * interval '1 hour',
               now() - n * interval '1 hour', jsonb_build_object('renewal', '2026-01-01'::date + n,
                                  'seen', to_char(now() - n * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
        FROM generate_series(1, 3000) AS n
        """
    )
    await db.execute("ANALYZE contacts")


async def _plan(crossing):
    p = Parameters(1, "Europe/Madrid")
    sql = f"EXPLAIN {crossing.query(p)}"
    async with db.transaction():
        await db.execute("SET LOCAL enable_seqscan = off")
        await db.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        rows = await db.fetch(sql, *await p.values(NOON, NOON - timedelta(seconds=1)))
    return "\n".join(row[0] for row in rows)
