"""Workflows that run, written as publishing writes them, and their engine run inside a test."""

from typing import Any

from models import clock, db
from models.changelog.tail import TAIL
from models.workflows import batches, engine_lock, sources
from models.workflows.graph.read import read_graph
from models.workflows.plan import listened_to
from permissions.principal import Scope
from tests.kit.engine import settled


def entered(segment: Any, key: str = "entered") -> dict:
    """The trigger "entered this segment"."""
    return {"key": key, "on": {"segmentEntered": segment.id}}


def node(key: str, **do: Any) -> dict:
    """A node that does one thing: `node("end", end={})`."""
    return {"key": key, "do": do}


def graph(triggers: list[dict], nodes: list[dict], **more: Any) -> dict:
    """A graph that starts at its first node."""
    return {"triggers": triggers, "start": nodes[0]["key"], "nodes": nodes, **more}


async def running(scope: Scope, graph_json: dict, *, name: str = "Welcome", test_segment: int | None = None) -> int:
    """A workflow whose first version runs. Returns its id."""
    read_graph(graph_json)
    moment = clock.now()
    async with db.transaction():
        workflow_id: int = await db.fetch_value(
            "INSERT INTO workflows (workspace_id, name, status, draft, published_number, test_segment_id, created_at,"
            " updated_at, activated_at) VALUES ($1, $2, 'ACTIVE', $3, 1, $4, $5, $5, $5) RETURNING id",
            scope.workspace_id,
            name,
            db.dump_json(graph_json),
            test_segment,
            moment,
        )
        await db.execute(
            "INSERT INTO workflow_versions (workspace_id, workflow_id, number, graph, published_at) VALUES ($1, $2, 1, $3, $4)",
            scope.workspace_id,
            workflow_id,
            db.dump_json(graph_json),
            moment,
        )
        await db.execute(
            "INSERT INTO workflow_nodes (workspace_id, workflow_id, node, key)"
            " SELECT $1, $2, place, key FROM unnest($3::text[]) WITH ORDINALITY AS given (key, place)",
            scope.workspace_id,
            workflow_id,
            [one["key"] for one in graph_json["nodes"]],
        )
        lock = await engine_lock.take(scope.workspace_id)
        await sources.register(scope, workflow_id, 1, await listened_to(scope, read_graph(graph_json)))
        assert lock.workspace_id == scope.workspace_id
    return workflow_id


async def set_status(scope: Scope, workflow_id: int, status: str) -> None:
    """As a pause or a resume does, without what follows from it."""
    async with db.transaction():
        await engine_lock.take(scope.workspace_id)
        await db.execute("UPDATE workflows SET status = $2 WHERE id = $1", workflow_id, status)
        await engine_lock.record_change(scope.workspace_id)


async def moved(scope: Scope, limit: int = 10_000) -> int:
    """Runs both engines until nothing waits. Returns how many enrollments were moved."""
    total = 0
    while True:
        await settled(scope)
        done = await batches.process_batch(scope.workspace_id, limit)
        assert done is not None, "nothing runs"
        total += done.enrollments
        if not done.more and not await db.fetch_value(_WAITS, scope.workspace_id, clock.now()):
            return total


_WAITS = """
SELECT EXISTS (SELECT FROM dirty_contacts WHERE workspace_id = $1)
    OR EXISTS (SELECT FROM workflow_signals WHERE workspace_id = $1)
    OR EXISTS (SELECT FROM enrollments WHERE workspace_id = $1 AND state = 'READY' AND test_id IS NULL
               AND (wake_at IS NULL OR wake_at <= $2))
    OR EXISTS (SELECT FROM changelog_readers r JOIN membership_heads h ON h.workspace_id = r.workspace_id
               WHERE r.workspace_id = $1 AND r.reader_kind = 'workflows' AND r.position < h.position)
"""


async def steps_of(scope: Scope, contact_id: int) -> list[tuple[str, str]]:
    """What a contact did in workflows, as (key of the node, outcome), in the order of the log."""
    rows = await db.fetch(_STEPS, scope.workspace_id, contact_id)
    return [(row["key"], row["outcome"]) for row in rows]


_STEPS = """
SELECT n.key, s.outcome FROM workflow_steps s
JOIN workflow_step_appends a ON a.workspace_id = $1 AND a.append_id = s.append_id
JOIN workflow_nodes n ON n.workspace_id = $1 AND n.workflow_id = s.workflow_id AND n.node = s.node
WHERE s.workspace_id = $1 AND s.contact_id = $2 ORDER BY a.position - a.size + s.place
"""


async def ends_of(scope: Scope, workflow_id: int) -> list[tuple[int, str]]:
    """Who has left a workflow, and how, in the order of enrollments."""
    rows = await db.fetch(
        'SELECT contact_id, "end" FROM enrollments_ended WHERE workspace_id = $1 AND workflow_id = $2 ORDER BY id',
        scope.workspace_id,
        workflow_id,
    )
    return [(row["contact_id"], row["end"]) for row in rows]


async def inside(scope: Scope, workflow_id: int) -> list[tuple[int, str, str]]:
    """Who is inside: contact, key of the node, state."""
    rows = await db.fetch(
        "SELECT e.contact_id, n.key, e.state FROM enrollments e JOIN workflow_nodes n"
        " ON n.workspace_id = $1 AND n.workflow_id = e.workflow_id AND n.node = e.node"
        " WHERE e.workspace_id = $1 AND e.workflow_id = $2 ORDER BY e.id",
        scope.workspace_id,
        workflow_id,
    )
    return [(row["contact_id"], row["key"], row["state"]) for row in rows]


async def turned_away(scope: Scope, workflow_id: int) -> dict[int, str]:
    """Who was last not let in, and why."""
    rows = await db.fetch(
        "SELECT contact_id, reason FROM workflow_turned_away WHERE workspace_id = $1 AND workflow_id = $2",
        scope.workspace_id,
        workflow_id,
    )
    return {row["contact_id"]: row["reason"] for row in rows}


async def assert_figures_add_up(scope: Scope) -> None:
    """At every node, and for every workflow: entered = inside + the outcomes."""
    assert await db.fetch(_WRONG, scope.workspace_id) == []


_WRONG = """
WITH counted AS (
    SELECT workflow_id, number, node,
           sum(CASE WHEN what = 'entered' THEN count
                    WHEN what LIKE 'outcome:%' OR what LIKE 'ended:%' THEN -count ELSE 0 END) AS inside
    FROM workflow_counts WHERE workspace_id = $1 GROUP BY workflow_id, number, node
), held AS (
    SELECT workflow_id, number, node, count(*) AS inside FROM enrollments
    WHERE workspace_id = $1 AND test_id IS NULL GROUP BY workflow_id, number, node
    UNION ALL
    SELECT workflow_id, number, 0, count(*) FROM enrollments
    WHERE workspace_id = $1 AND test_id IS NULL GROUP BY workflow_id, number
)
SELECT workflow_id, number, node, counted.inside AS counted, held.inside AS held
FROM counted FULL JOIN held USING (workflow_id, number, node)
WHERE coalesce(counted.inside, 0) <> coalesce(held.inside, 0)
"""


_SHOWN = (
    "workflow_engines", "dirty_contacts", "workflow_signals", "enrollments", "enrollments_ended", "workflow_turned_away",
    "activities", "membership_heads", "changelog_readers", "workflow_step_heads", "workflow_steps", "workflow_sources",
    "workflows",
)  # fmt: skip


async def what_is_there() -> str:
    """What the engines have left and done, how this process follows logs, and what PostgreSQL runs.

    For the report of a test that waited in vain: what tells most comes first, because a long report is cut.
    """
    found = [f"clock {clock.now()}"]
    for table in _SHOWN:
        rows = await db.fetch(f"SELECT * FROM {table} LIMIT 20")
        found += [f"{table} {_told(row)}" for row in rows]
    for workspace_id, readers in TAIL.readers.items():
        found += [
            f"follows {name} of {workspace_id} at {reader.position} for {len(reader.followers)}: {reader.reading}"
            for name, reader in readers.items()
        ]
    found += [f"runs {[*row.values()]}" for row in await db.fetch(_RUNNING)]
    return "\n".join(found)


def _told(row: db.Record) -> str:
    """Without what is empty, and with times of the day alone."""
    values = {name: value for name, value in row.items() if value is not None and name not in ("workspace_id", "draft")}
    return " ".join(
        f"{name}={value:%H:%M:%S.%f}" if hasattr(value, "hour") else f"{name}={value}" for name, value in values.items()
    )


_RUNNING = """
SELECT application_name, state, wait_event_type, wait_event, clock_timestamp() - xact_start AS since, left(query, 300) AS query
FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'
"""
