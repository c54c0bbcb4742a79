"""Workflows: a whole segment through one, a change to its first step, and many who wait."""

import asyncio
import gc
import time
from datetime import UTC, datetime, timedelta
from statistics import quantiles
from typing import Any

from bench import workflows_publish
from bench.environment import Place, process, settle
from bench.table import Result, medians
from models import clock, db
from models.accounts import workspaces
from models.changelog import append as log_append
from models.changelog.members import MEMBERS
from models.membership import apply
from models.queue import work
from models.queue.enqueue import enqueue
from models.workflows import batches, engine_lock, plans, sources
from models.workflows.graph.read import read_graph
from models.workflows.plan import listened_to
from permissions.principal import SYSTEM, Scope
from workers.broker import connected_broker

TITLE = "Workflows"

Graph = dict[str, Any]


async def measure(place: Place) -> list[Result]:
    url, scope = await _world(place)
    results = [*await _whole_segments(place, scope), *await _waiting(place, scope), *await _live(place, url, scope)]
    results += await workflows_publish.measure(place, url, scope, _empty)
    await db.disconnect()
    return results


async def _world(place: Place) -> tuple[str, Scope]:
    name = f"workflows_{place.contacts}"
    url, is_new = await place.database(name)
    if is_new:
        scope = await workspaces.create("Large", timezone="Europe/Madrid")
        async with db.transaction():
            await db.execute("SET LOCAL muster.capture = 'off'")
            await db.execute(_CONTACTS, scope.workspace_id, place.contacts)
        await settle()
    await db.disconnect()
    await db.connect(url, pool_max=8, keep_large_statements=True)
    return url, Scope(await db.fetch_value("SELECT min(id) FROM workspaces"), SYSTEM, timezone="Europe/Madrid")


_CONTACTS = """
INSERT INTO contacts (workspace_id, name, score) SELECT $1, 'Ana Contact ' || n, n % 100 FROM generate_series(1, $2::int) AS n
"""

TABLES = (
    "workflows", "workflow_nodes", "workflow_sources", "workflow_signals", "workflow_causes", "workflow_engines", "enrollments",
    "enrollments_ended", "workflow_entries", "workflow_counts", "workflow_steps", "workflow_step_appends", "workflow_step_heads",
    "workflow_turned_away", "memberships", "membership_changes", "membership_appends", "membership_heads", "changelog_readers",
    "dirty_contacts", "segments", "workflow_versions", "jobs",
)  # fmt: skip


async def _empty() -> None:
    async with db.transaction():
        await db.execute("SET LOCAL muster.members = 'logged'; SET LOCAL muster.capture = 'off'")
        await db.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        await db.execute("UPDATE contacts SET tags = '{}' WHERE tags <> '{}'")
    await db.execute("VACUUM (ANALYZE)")
    plans.forget()


async def _static(scope: Scope, name: str) -> int:
    segment_id: int = await db.fetch_value(
        "INSERT INTO segments (workspace_id, name, kind) VALUES ($1, $2, 'STATIC') RETURNING id",
        scope.workspace_id,
        name,
    )
    return segment_id


async def _run(scope: Scope, graph: Graph, name: str = "bench") -> int:
    """Writes a workflow as publishing and activating does."""
    now = clock.now()
    async with db.transaction():
        workflow_id: int = await db.fetch_value(_WORKFLOW, scope.workspace_id, name, db.dump_json(graph), now)
        await db.execute(_VERSION, scope.workspace_id, workflow_id, db.dump_json(graph), now)
        await db.execute(_NODES, scope.workspace_id, workflow_id, [node["key"] for node in graph["nodes"]])
        await engine_lock.take(scope.workspace_id)
        await sources.register(scope, workflow_id, 1, await listened_to(scope, read_graph(graph)))
    return workflow_id


_WORKFLOW = """
INSERT INTO workflows (workspace_id, name, status, draft, published_number, created_at, updated_at, activated_at)
VALUES ($1, $2, 'ACTIVE', $3, 1, $4, $4, $4) RETURNING id
"""
_VERSION = """
INSERT INTO workflow_versions (workspace_id, workflow_id, number, graph, published_at) VALUES ($1, $2, 1, $3, $4)
"""
_NODES = """
INSERT INTO workflow_nodes (workspace_id, workflow_id, node, key)
SELECT $1, $2, place, key FROM unnest($3::text[]) WITH ORDINALITY AS given (key, place)
"""


# ---------------------------------------------------------------- a whole segment


def _sorting(source: int, target: int) -> Graph:
    rule = {"field": {"field": "score", "operator": "GTE", "value": 0}}
    return {
        "triggers": [{"key": "entered", "on": {"segmentEntered": source}}],
        "start": "scored",
        "nodes": [
            {"key": "scored", "do": {"condition": {"rule": rule, "yes": "add", "no": "end"}}},
            {"key": "add", "do": {"segmentAdd": {"segmentId": target, "next": "end"}}},
            {"key": "end", "do": {"end": {"outcome": "done"}}},
        ],
    }


async def _whole_segments(place: Place, scope: Scope) -> list[Result]:
    ours, theirs = [], []
    for _ in range(place.rounds):
        ours.append({"enrollments/s": place.contacts / await _by_engine(place, scope)})
        theirs.append({"enrollments/s": place.contacts / await _by_statement(scope)})
    engine, statement = medians(ours), medians(theirs)
    ratio = statement["enrollments/s"] / engine["enrollments/s"]
    note = "SEGMENT_ENTERED -> CONDITION -> SEGMENT_ADD -> END. Goals: 20,000/s, and half of what the statements do"
    return [
        Result(f"{place.contacts:,} members through a workflow", engine, "statements", {"enrollments/s": ratio}, note),
        Result("the same rows by bare statements", statement),
    ]


async def _by_engine(place: Place, scope: Scope) -> float:
    source, target, _ = await _prepared(scope)
    async with db.transaction():
        append = await apply.begin(scope.workspace_id, clock.now())
        everybody = f"(SELECT {source}::bigint, id, true, 'RULE' FROM contacts WHERE workspace_id = $1)"
        await apply.write_from(append, everybody)
        await apply.close(append)
    await db.execute("VACUUM (ANALYZE) memberships, membership_changes")
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)  # as workers do
    started = time.perf_counter()
    while (done := await batches.process_batch(scope.workspace_id)) is None or done.more:
        pass
    took = time.perf_counter() - started
    assert await db.fetch_value("SELECT count(*) FROM memberships WHERE segment_id = $1", target) == place.contacts
    assert await db.fetch_value("SELECT count(*) FROM workflow_steps") == 3 * place.contacts
    return took


async def _prepared(scope: Scope) -> tuple[int, int, int]:
    await _empty()
    source, target = await _static(scope, "source"), await _static(scope, "target")
    return source, target, await _run(scope, _sorting(source, target))


async def _by_statement(scope: Scope) -> float:
    """The rows that the engine writes, without deciding or reading anything but the contacts."""
    _, target, workflow_id = await _prepared(scope)
    started = time.perf_counter()
    async with db.transaction():
        await db.execute("SET LOCAL muster.members = 'logged'")
        append_id = await log_append.new_id(MEMBERS)
        for statement in _STATEMENTS:
            await db.execute(
                statement.format(segment=target, workflow=workflow_id, append=append_id), scope.workspace_id
            )
    return time.perf_counter() - started


_STATEMENTS = (
    """
    INSERT INTO workflow_entries (workspace_id, workflow_id, contact_id, times, entered_at, ended_at)
    SELECT $1, {workflow}, id, 1, now(), now() FROM contacts WHERE workspace_id = $1 AND score >= 0
    """,
    """
    INSERT INTO enrollments_ended (workspace_id, id, workflow_id, number, contact_id, entry_key, trigger, node, visit, node_at,
                                   control, entered_at, ended_at, "end")
    SELECT $1, nextval('enrollment_ids'), {workflow}, 1, id, '', 'entered', 3, 3, now(), false, now(), now(), 'REACHED_END'
    FROM contacts WHERE workspace_id = $1 AND score >= 0
    """,
    """
    INSERT INTO memberships (workspace_id, segment_id, contact_id, origin)
    SELECT $1, {segment}, id, 'WORKFLOW' FROM contacts WHERE workspace_id = $1 AND score >= 0
    """,
    """
    INSERT INTO membership_changes (workspace_id, append_id, place, segment_id, contact_id, kind, origin, at)
    SELECT $1, {append}, row_number() OVER (), {segment}, id, 'ENTERED', 'WORKFLOW', now()
    FROM contacts WHERE workspace_id = $1 AND score >= 0
    """,
    """
    INSERT INTO workflow_steps (workspace_id, append_id, place, workflow_id, enrollment_id, contact_id, number, node, outcome, at)
    SELECT $1, {append}, 3 * e.n - 3 + s.node, {workflow}, e.id, e.contact_id, 1, s.node, s.outcome, now()
    FROM (SELECT id, contact_id, row_number() OVER () AS n FROM enrollments_ended WHERE workspace_id = $1) AS e,
         (VALUES (1, 'yes'), (2, 'next'), (3, 'done')) AS s (node, outcome)
    """,
)


# ---------------------------------------------------------------- many who wait

DUE = 10_000


async def _waiting(place: Place, scope: Scope) -> list[Result]:
    """10,000 fall due within a second, among a tenth and among all of the contacts who wait."""
    figures = {name: await _due_among(scope, count) for name, count in _crowds(place).items()}
    tenth, everybody = figures["a tenth"], figures["all"]
    ratios = {"claim ms": everybody["claim ms"] / tenth["claim ms"]}
    note = "goals: p99 late by 2 s, and a claim (the fastest of 200) that costs 1.5 x of that among a tenth"
    return [
        Result(f"{DUE:,} due in a second among {place.contacts:,} who wait", everybody, "a tenth", ratios, note),
        Result(f"{DUE:,} due in a second among {place.contacts // 10:,}", tenth),
    ]


def _crowds(place: Place) -> dict[str, int]:
    return {"a tenth": place.contacts // 10, "all": place.contacts}


async def _due_among(scope: Scope, count: int) -> dict[str, float]:
    await _empty()
    segment_id = await _static(scope, "source")
    workflow_id = await _run(scope, _waiting_for_a_day(segment_id))
    starts_at = clock.now() + timedelta(hours=1)
    await db.execute(_WAIT, scope.workspace_id, workflow_id, starts_at, DUE, count, starts_at + timedelta(days=1))
    await db.execute("VACUUM (ANALYZE) enrollments")
    claim = []
    for _ in range(200):
        started = time.perf_counter()
        await db.fetch(_CLAIM, scope.workspace_id, starts_at + timedelta(seconds=1))
        claim.append((time.perf_counter() - started) * 1000)
    ahead = starts_at - clock.now()
    clock.set_source(lambda: datetime.now(UTC) + ahead)
    while await db.fetch_value("SELECT count(*) FROM enrollments_ended") < DUE:
        await batches.process_batch(scope.workspace_id)
    clock.set_source(None)
    rows = await db.fetch(
        "SELECT extract(epoch FROM e.ended_at - $1)::float8 - (e.id - f.first) * 1.0 / $2 AS late FROM enrollments_ended AS e,"
        " (SELECT min(id) AS first FROM enrollments_ended) AS f",
        starts_at,
        DUE,
    )
    late = quantiles([row["late"] for row in rows], n=100)
    return {"p50 late s": late[49], "p99 late s": late[98], "claim ms": min(claim)}


def _waiting_for_a_day(segment_id: int) -> Graph:
    return {
        "triggers": [{"key": "entered", "on": {"segmentEntered": segment_id}}],
        "start": "wait",
        "nodes": [
            {"key": "wait", "do": {"wait": {"for": "P1D", "next": "end"}}},
            {"key": "end", "do": {"end": {}}},
        ],
    }


# The first ones fall due within the second after $3, the others a day later.
_WAIT = """
INSERT INTO enrollments (workspace_id, id, workflow_id, number, contact_id, trigger, node, node_at, state, wake_at, entered_at)
SELECT $1, n, $2, 1, id, 'entered', 1, wake_at - interval '1 day', 'WAITING', wake_at, wake_at - interval '1 day'
FROM (SELECT id, n, CASE WHEN n <= $4::int THEN $3::timestamptz + (n - 1) * interval '1 second' / $4::int
                         ELSE $6::timestamptz + n * interval '1 millisecond' END AS wake_at
      FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM contacts WHERE workspace_id = $1) AS numbered
      WHERE n <= $5::int) AS waiting
"""

_CLAIM = """
SELECT id FROM enrollments WHERE workspace_id = $1 AND wake_at <= $2 AND test_id IS NULL ORDER BY wake_at, id LIMIT 1000
"""


# ---------------------------------------------------------------- a change, live

WORKFLOWS = 100
CHANGES_PER_SECOND = 50


async def _live(place: Place, url: str, scope: Scope) -> list[Result]:
    """From the commit of a change to the commit of the first step, measured by PostgreSQL's clock at both ends."""
    await _empty()
    for number in range(WORKFLOWS):
        target = await _static(scope, f"target {number}")
        await _run(scope, _on_tag(number, target), f"workflow {number}")
    ids = [row["id"] for row in await db.fetch("SELECT id FROM contacts ORDER BY id LIMIT $1", 50_000)]
    async with connected_broker(place.redis_url):
        with process(["-m", "muster", "worker", "--queue", "realtime"], place.environment(url), None, "worker.log"):
            await _change_for(scope, ids, 1.0)
            while not await db.fetch_value("SELECT count(*) FROM workflow_steps"):
                await asyncio.sleep(0.1)  # until the worker has started
            await _change_for(scope, ids[1_000:], 2.0)
            warm_at = await db.fetch_value("SELECT clock_timestamp()")
            await _change_for(scope, ids[2_000:], place.seconds)
            await asyncio.sleep(1.0)
    rows = await db.fetch(_LATENCY, scope.workspace_id, warm_at)
    assert len(rows) == int(place.seconds * CHANGES_PER_SECOND), f"{len(rows)} changes are followed by their step"
    cuts = quantiles([row["ms"] for row in rows], n=100)
    figures = {"p50 ms": cuts[49], "p99 ms": cuts[98]}
    note = f"{WORKFLOWS} workflows run, {CHANGES_PER_SECOND} changes a second. Goals: p50 100 ms, p99 500 ms"
    return [Result("a change -> its first step", figures, note=note)]


def _on_tag(number: int, target: int) -> Graph:
    return _sorting(0, target) | {"triggers": [{"key": "tagged", "on": {"tagAdded": f"tag {number}"}}]}


async def _change_for(scope: Scope, ids: list[int], seconds: float) -> None:
    started = time.perf_counter()
    for number in range(int(seconds * CHANGES_PER_SECOND)):
        await asyncio.sleep(max(0.0, started + number / CHANGES_PER_SECOND - time.perf_counter()))
        await db.execute(_TAG, scope.workspace_id, ids[number], f"tag {number % WORKFLOWS}")
        await enqueue(work.PROCESS_CHANGES, scope.workspace_id)


_TAG = """
WITH tagged AS (UPDATE contacts SET tags = ARRAY[$3] WHERE workspace_id = $1 AND id = $2 RETURNING id)
INSERT INTO workflow_turned_away (workspace_id, workflow_id, contact_id, reason, at)
SELECT $1, 0, id, 'when it was changed', clock_timestamp() FROM tagged
ON CONFLICT (workspace_id, workflow_id, contact_id) DO UPDATE SET at = excluded.at
"""

_LATENCY = """
SELECT extract(epoch FROM a.at - t.at)::float8 * 1000 AS ms
FROM workflow_turned_away AS t
JOIN (SELECT contact_id, min(append_id) AS id FROM workflow_steps WHERE workspace_id = $1 GROUP BY contact_id) AS first
  ON first.contact_id = t.contact_id
JOIN workflow_step_appends AS a ON a.workspace_id = $1 AND a.append_id = first.id
WHERE t.workspace_id = $1 AND t.workflow_id = 0 AND t.at >= $2
"""
