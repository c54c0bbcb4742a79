"""As time passes, contacts that cross a threshold are processed, no others, and no table is read whole."""

from datetime import UTC, datetime, timedelta

import pytest

from models import clock, db
from models.changelog.members import MEMBERS
from models.changelog.read import read_page
from models.membership import batches, compiled_rules, dirty_contacts, engine_lock, ticks
from models.membership.batches import BatchResult
from tests.kit.engine import assert_all_is_right, plus_segment, settled
from tests.kit.segments import dynamic_segment, in_segment, members_of, new_contacts
from tests.kit.workspaces import new_workspace

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)


def silent(duration="P30D"):
    return {"field": {"field": "last_interaction_at", "operator": "MORE_THAN_AGO", "value": duration}}


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self):
        self.now = NOON
        clock.set_source(lambda: self.now)

    def on(self, **duration):
        self.now += timedelta(**duration)


@pytest.fixture
def time(database):
    return Clock()


async def _silent_since(scope, *moments):
    return [(await new_contacts(scope, 1, last_interaction_at=moment))[0] for moment in moments]


async def test_a_tick_processes_only_contacts_that_crossed(time):
    scope = await new_workspace()
    segment = await dynamic_segment(scope, silent())
    mentioned = await dynamic_segment(scope, in_segment(segment, member=False))
    border = NOON - timedelta(days=30)
    soon, later, _ = await _silent_since(scope, border + timedelta(seconds=10), border + timedelta(hours=1), NOON)
    await new_contacts(scope, 5)
    await settled(scope)
    time.on(seconds=10)
    assert await batches.process_batch(scope.workspace_id, 100) == BatchResult(0, 0, False), (
        "on the line is not yet past it"
    )
    time.on(seconds=1)
    assert await batches.process_batch(scope.workspace_id, 100) == BatchResult(1, 2, False)
    assert await members_of(scope, segment) == {soon}
    assert soon not in await members_of(scope, mentioned)
    assert (await read_page(scope, MEMBERS, None, 100)).entries[-1].at == time.now
    time.on(hours=1)
    assert (await batches.process_batch(scope.workspace_id, 100)).contacts == 1
    assert await members_of(scope, segment) == {soon, later}
    await assert_all_is_right(scope)


async def test_crossings_while_workers_were_down_are_processed_over_a_change_of_clocks(time):
    """Days of outage, in which Madrid set its clocks forward. A contact that entered and left meanwhile is not logged."""
    scope = await new_workspace(timezone="Europe/Madrid")
    time.now = datetime(2026, 3, 27, 22, 30, tzinfo=UTC)
    long_ago = await dynamic_segment(scope, silent("P1M"))
    birthday = {"field": {"field": "date_of_birth", "operator": "ANNIVERSARY_WITHIN_NEXT", "value": "P0D"}}
    today = await dynamic_segment(scope, birthday)
    bought = {"activity": {"kind": "purchase", "within": "PT2H", "operator": "GTE", "value": 1}}
    lately = await plus_segment(scope, bought)
    ids = [(await new_contacts(scope, 1, date_of_birth=f"1980-03-{day}"))[0] for day in (27, 28, 29, 30)]
    crossing = await _silent_since(
        scope, datetime(2026, 2, 28, 0, 30, tzinfo=UTC), datetime(2026, 2, 28, 22, 59, tzinfo=UTC)
    )
    for contact_id, at in zip(ids, (time.now, time.now + timedelta(hours=30), None, None), strict=True):
        if at is not None:
            await db.execute(
                "INSERT INTO activities (workspace_id, contact_id, kind, occurred_at) VALUES ($1, $2, 'purchase', $3)",
                scope.workspace_id, contact_id, at,
            )  # fmt: skip
    await settled(scope)
    assert (await members_of(scope, today), await members_of(scope, lately)) == ({ids[0]}, {ids[0]})
    time.now = datetime(2026, 3, 29, 22, 30, tzinfo=UTC)  # the 30th there, an hour sooner than in winter
    await settled(scope)
    assert (await members_of(scope, today), await members_of(scope, lately)) == ({ids[3]}, set())
    assert await members_of(scope, long_ago) == set(crossing)
    assert len((await read_page(scope, MEMBERS, None, 100)).entries) == 2 + 2 + 1 + 2
    await assert_all_is_right(scope)


async def test_more_crossers_than_a_batch_takes_wait_as_bulk_and_freshness_says_so(time, monkeypatch):
    monkeypatch.setattr(ticks, "AT_ONCE", 5)
    scope = await new_workspace()
    segment = await dynamic_segment(scope, silent())
    ids = await _silent_since(scope, *[NOON - timedelta(days=29)] * 12)
    await settled(scope)
    time.on(days=3)
    assert await batches.process_batch(scope.workspace_id, 5) == BatchResult(0, 0, True)
    behind = await dirty_contacts.freshness(scope)
    assert (behind.pending_contacts, behind.as_of, behind.lag_seconds) == (12, NOON, 3 * 86_400)
    assert [(await batches.process_batch(scope.workspace_id, 5)).contacts for _ in range(3)] == [5, 5, 2]
    assert (await dirty_contacts.freshness(scope)).as_of == time.now
    assert await members_of(scope, segment) == set(ids)
    await assert_all_is_right(scope)


async def test_a_change_during_a_calm_is_ticked_in_time(time):
    """A tick saw nobody coming and rests; a transaction that was open then commits somebody who crosses in the meantime."""
    scope = await new_workspace()
    segment = await dynamic_segment(scope, silent())
    (one,) = await new_contacts(scope, 1)
    await settled(scope)
    time.on(seconds=1)
    await settled(scope)
    assert await db.fetch_value("SELECT calm_until FROM membership_heads") == time.now + engine_lock.LOOK_AHEAD
    await db.execute(
        "UPDATE contacts SET last_interaction_at = $2 WHERE id = $1", one, time.now + timedelta(seconds=3, days=-30)
    )
    time.on(seconds=1)
    assert (await batches.process_batch(scope.workspace_id, 5)).changes == 0
    assert scope.workspace_id in await engine_lock.due_for_a_tick()
    time.on(seconds=2, microseconds=1)
    assert (await batches.process_batch(scope.workspace_id, 5)).changes == 1
    assert await members_of(scope, segment) == {one}
    await assert_all_is_right(scope)


async def test_a_clock_that_is_set_back_undoes_nothing(time):
    scope = await new_workspace()
    segment = await dynamic_segment(scope, silent())
    one, two = await _silent_since(scope, NOON - timedelta(days=30), NOON - timedelta(days=30) + timedelta(hours=2))
    await settled(scope)
    time.on(hours=1)
    await settled(scope)
    assert await members_of(scope, segment) == {one}
    time.on(hours=-3)
    later = "(last_interaction_at AT TIME ZONE 'UTC' + interval '1 microsecond') AT TIME ZONE 'UTC'"
    await db.execute(f"UPDATE contacts SET last_interaction_at = {later}")
    await settled(scope)
    assert await members_of(scope, segment) == {one}
    time.on(hours=5)
    await settled(scope)
    assert await members_of(scope, segment) == {one, two}
    await assert_all_is_right(scope)


async def test_conditions_on_one_kind_of_activity_are_told_apart(time, monkeypatch):
    """They are looked at together; and who has very many activities on the line is one crosser, and none is lost."""
    monkeypatch.setattr(ticks, "AT_ONCE", 5)
    scope = await new_workspace()
    segments = [await plus_segment(scope, bought(sku)) for sku in ("a", "b", "c")]
    ids = await new_contacts(scope, 3)
    for contact_id, sku, many in zip(ids, ("a", "b", "x"), (9, 1, 1), strict=True):
        await db.execute(_BUY, scope.workspace_id, contact_id, time.now, sku, many)
    await settled(scope)
    assert [await members_of(scope, segment) for segment in segments] == [{ids[0]}, {ids[1]}, set()]
    time.on(days=30, seconds=1)
    assert await settled(scope) == 2
    assert [await members_of(scope, segment) for segment in segments] == [set(), set(), set()]
    await assert_all_is_right(scope)


def bought(sku):
    ours = {"property": "sku", "operator": "EQUALS", "value": sku}
    return {"activity": {"kind": "purchase", "where": [ours], "within": "P30D", "operator": "GTE", "value": 1}}


_BUY = """
INSERT INTO activities (workspace_id, contact_id, kind, occurred_at, properties)
SELECT $1, $2, 'purchase', $3, jsonb_build_object('sku', $4::text) FROM generate_series(1, $5::int)
"""


# ---------------------------------------------------------------- the work it is

RELATIVE = ["WITHIN_LAST", "MORE_THAN_AGO", "WITHIN_NEXT", "MORE_THAN_AHEAD"]
DAYS = ["date_of_birth", "attributes.some_date"]
INSTANTS = ["subscribed_at", "last_interaction_at", "created_at", "updated_at", "attributes.some_datetime"]


@pytest.fixture
async def many(connected_database, another_database):
    """A database of its own in which the planner knows of many contacts, and of many activities of theirs."""
    await db.disconnect()
    await db.connect(another_database, pool_max=2)
    scope = await new_workspace()
    await db.execute(_MANY, scope.workspace_id)
    yield scope
    await db.disconnect()
    await db.connect(connected_database, pool_max=10)


_MANY = """
WITH fields AS (
    INSERT INTO contact_fields (workspace_id, key, label, type)
    VALUES ($1, 'some_date', 'Date', 'DATE'), ($1, 'some_datetime', 'Datetime', 'DATETIME')
), made AS (
    INSERT INTO contacts (workspace_id, date_of_birth, subscribed_at, last_interaction_at, created_at, updated_at, attributes)
    SELECT $1, at::date, at, at, at, at, jsonb_build_object(
               'some_date', to_char(at, 'YYYY-MM-DD'), 'some_datetime', to_char(at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
    FROM generate_series(1, 20000) AS n, LATERAL (SELECT timestamptz '2026-11-25 12:00Z' - n * interval '37 minutes') AS t (at)
    RETURNING id, created_at
)
INSERT INTO activities (workspace_id, contact_id, kind, occurred_at) SELECT $1, id, 'visit', created_at FROM made
"""


async def test_every_threshold_of_every_field_is_looked_up_in_an_index(many):
    """Each scan of a tick goes into its index with the line itself, not only with the workspace."""
    Clock()
    leaves = [(field, operator) for field in DAYS + INSTANTS for operator in RELATIVE]
    leaves += [(field, "ANNIVERSARY_WITHIN_NEXT") for field in DAYS]
    await dynamic_segment(many, {"any": [{"field": {"field": f, "operator": o, "value": "P9D"}} for f, o in leaves]})
    last = {"kind": "visit", "metric": "LAST_OCCURRED", "operator": "MORE_THAN_AGO", "value": "P30D"}
    none = {"kind": "visit", "within": "P7D", "operator": "EQUALS", "value": 0}
    await plus_segment(many, {"any": [{"activity": last}, {"activity": none}]})
    await db.execute("ANALYZE contacts, activities")
    scans = await _scans_of_a_tick(many)
    assert len(scans) > 30
    assert [scan for scan in scans if not _looks_its_line_up(*scan)] == []


async def _scans_of_a_tick(scope):
    """The index that each scan reads, and what bounds it there."""
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        compiled = await compiled_rules.current(scope.workspace_id, lock.epoch)
        waiting = []
        for statement in compiled.crossers:
            arguments = await statement.parameters.values(lock.now + timedelta(minutes=1), lock.now)
            plan = db.load_json(await db.fetch_value("EXPLAIN (FORMAT JSON) " + statement.sql, *arguments))
            waiting.append(plan[0]["Plan"])
    found = []
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if "Scan" in node["Node Type"] and node["Node Type"] != "Bitmap Heap Scan":
            found.append((node.get("Index Name"), node.get("Index Cond", "")))
    return found


def _looks_its_line_up(index, bounds):
    """Whether more than the workspace, and for activities more than their kind, bounds what is read of it."""
    return index is not None and bounds.count(" AND ") >= (3 if "kind" in bounds else 2)


async def test_very_many_rules_are_looked_up_in_statements_of_bounded_size(time):
    """Thousands of conditions that differ in their filters alone."""
    scope = await new_workspace()
    rules = [{"any": [bought(f"{number} {part}") for part in range(45)]} for number in range(40)]
    await db.execute(_IN_FORCE, scope.workspace_id, [db.dump_json(rule) for rule in rules])
    (one,) = await new_contacts(scope, 1)
    await db.execute(_BUY, scope.workspace_id, one, time.now, "7 8", 1)
    assert (await batches.process_batch(scope.workspace_id, 10)).changes == 1
    time.on(days=30, seconds=1)
    assert (await batches.process_batch(scope.workspace_id, 10)).changes == 1


_IN_FORCE = """
INSERT INTO segments (workspace_id, name, kind, rule, active_rule, active_version)
SELECT $1, 'one of many', 'DYNAMIC_PLUS', rule::jsonb, rule::jsonb, 1 FROM unnest($2::text[]) AS rule
"""
