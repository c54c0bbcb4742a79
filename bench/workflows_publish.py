"""Workflows: a publish that moves everybody inside, with live edits of contacts beside it.

Two things stand beside these edits: the same edits alone, and the same edits while a statement that touches nothing keeps a
processor, which is the least that a publish on the same machine can cost them.
"""

import asyncio
import time
from collections.abc import Sequence
from datetime import timedelta
from statistics import quantiles
from typing import Any

import asyncpg

from bench.environment import Place, process
from bench.table import Result, medians
from models import clock, db
from models.contacts.update import update_contact
from models.workflows import drafts
from models.workflows.lifecycle import activation
from models.workflows.lifecycle.activation import Activation
from models.workflows.publishing.preview import preview
from models.workflows.publishing.publish import Answers, publish
from models.workflows.states import EnrolledContactsPolicy
from permissions.principal import Scope
from workers.broker import connected_broker

EDITS_PER_SECOND = 20

USUAL_SECONDS = 25.0
"""As long as a publish takes: the hundredth part of a hundred edits would be the slowest of them alone."""

MOVES = {"wait": "other"}


async def measure(place: Place, url: str, scope: Scope, empty: Any) -> list[Result]:
    """`empty` takes out what other measurements left."""
    rounds = []
    for _ in range(min(place.rounds, 2)):
        await empty()
        rounds.append(await _publish(place, url, scope))
    figures = medians(rounds)
    edited = figures["edit p99 ms"]
    ratios = {"edit p99 ms": edited / figures["usual p99 ms"], "busy p99 ms": edited / figures["busy p99 ms"]}
    note = (
        "goals: 30 s in all, and an edit of a contact that takes 2 x its usual time; "
        "the ratio at busy is that of the edit to one beside a statement that only computes"
    )
    return [Result(f"a publish that moves {place.contacts:,}", figures, "usual", ratios, note)]


def _waiting(key: str, duration: str) -> dict[str, Any]:
    return {
        "triggers": [{"key": "added", "on": {"manual": True}}],
        "start": key,
        "nodes": [
            {"key": key, "do": {"wait": {"for": duration, "next": "end"}}},
            {"key": "end", "do": {"end": {"outcome": "done"}}},
        ],
    }


async def _publish(place: Place, url: str, scope: Scope) -> dict[str, float]:
    workflow = await drafts.create(scope, "bench", graph_json=_waiting("wait", "P30D"))
    await publish(
        scope, workflow.id, Answers((await preview(scope, workflow.id, EnrolledContactsPolicy.MOVE, {})).token)
    )
    await activation.activate(scope, workflow.id, Activation())
    await _let_everybody_in(scope, workflow.id)
    await drafts.update(scope, workflow.id, {"graph": _waiting("other", "P20D")})
    ids = [row["id"] for row in await db.fetch("SELECT id FROM contacts ORDER BY id LIMIT 10000")]
    async with connected_broker(place.redis_url):
        with process(["-m", "muster", "worker", "--queue", "bulk"], place.environment(url), None, "worker.log"):
            await asyncio.sleep(3)
            usual = await _edit(scope, ids, asyncio.create_task(asyncio.sleep(max(USUAL_SECONDS, place.seconds))))
            busy = await _edit(scope, ids, asyncio.create_task(_keep_a_processor(url, USUAL_SECONDS)))
            moving = asyncio.create_task(_move(scope, workflow.id))
            edits = await _edit(scope, ids, moving)
    counted, took, largest = await moving
    assert await db.fetch_value("SELECT count(*) FROM enrollments WHERE node = 3") == place.contacts
    return {
        "preview s": counted,
        "publish s": took,
        "lock s": largest,
        "edit p99 ms": quantiles(edits, n=100)[98],
        "usual p99 ms": quantiles(usual, n=100)[98],
        "busy p99 ms": quantiles(busy, n=100)[98],
    }


async def _let_everybody_in(scope: Scope, workflow_id: int) -> None:
    """As the engine writes those who entered an hour ago and wait."""
    now = clock.now()
    entered_at = now - timedelta(hours=1)
    given = (scope.workspace_id, workflow_id, entered_at)
    await db.execute(_ENTRIES, *given)
    await db.execute(_ENROLLMENTS, *given, entered_at + timedelta(days=30))
    await db.execute(_COUNTS, *given)
    await db.execute("VACUUM (ANALYZE) enrollments, workflow_entries")


_ENTRIES = """
INSERT INTO workflow_entries (workspace_id, workflow_id, contact_id, times, entered_at)
SELECT $1, $2, id, 1, $3 FROM contacts WHERE workspace_id = $1
"""
_ENROLLMENTS = """
INSERT INTO enrollments (workspace_id, workflow_id, number, contact_id, trigger, node, node_at, state, wake_at, entered_at)
SELECT $1, $2, 1, id, 'added', 1, $3, 'WAITING', $4, $3 FROM contacts WHERE workspace_id = $1 ORDER BY id
"""
_COUNTS = """
INSERT INTO workflow_counts (workspace_id, workflow_id, number, node, what, hour, count)
SELECT $1, $2, 1, node, 'entered', $3, (SELECT count(*) FROM enrollments WHERE workspace_id = $1)
FROM (VALUES (0), (1)) AS nodes (node)
"""


async def _move(scope: Scope, workflow_id: int) -> tuple[float, float, float]:
    """Seconds of the preview, of the publish with its job, and of the publish alone, which holds the lock of the engine."""
    started = time.perf_counter()
    shown = await preview(scope, workflow_id, EnrolledContactsPolicy.MOVE, MOVES)
    previewed = time.perf_counter()
    _, job = await publish(scope, workflow_id, Answers(shown.token, moves=MOVES))
    published = time.perf_counter()
    assert job is not None
    while not await db.fetch_value("SELECT finished_at IS NOT NULL FROM jobs WHERE id = $1", job.id):
        await asyncio.sleep(0.05)
    return previewed - started, time.perf_counter() - previewed, published - previewed


async def _keep_a_processor(url: str, seconds: float) -> None:
    """A statement that reads and writes nothing, ended by PostgreSQL after so long."""
    connection = await asyncpg.connect(url, server_settings={"statement_timeout": f"{round(seconds * 1000)}"})
    try:
        await connection.execute("DO $$ BEGIN LOOP END LOOP; END $$")
    except asyncpg.QueryCanceledError:
        pass
    finally:
        await connection.close()


async def _edit(scope: Scope, ids: Sequence[int], until: "asyncio.Task[Any]") -> list[float]:
    """Edits contacts one after another at a steady pace; the milliseconds of each."""
    took: list[float] = []
    started = time.perf_counter()
    while not until.done():
        number = len(took)
        await asyncio.sleep(max(0.0, started + number / EDITS_PER_SECOND - time.perf_counter()))
        began = time.perf_counter()
        await update_contact(scope, ids[number % len(ids)], {"score": number % 90})
        took.append((time.perf_counter() - began) * 1000)
    return took
