"""Moves contacts through workflows."""

import asyncio
import time
from typing import Final

import structlog
from prometheus_client import Counter, Histogram

from models import db
from models.accounts import workspaces
from models.membership import quarantine
from models.queue import work
from models.queue.enqueue import enqueue
from models.workflows import batches, engine_lock, pausing
from models.workflows.news import news
from models.workflows.timed import indexes
from workers.context import PeriodicTask, Queue, Task, WorkerContext

log = structlog.get_logger(__name__)

SMALL: Final = 500
"""Enrollments of a batch that moves each on its own."""

AGAIN_SECONDS: Final = 2.0
"""After another index was being built."""

_enrollments = Counter("muster_workflow_enrollments_total", "Enrollments that entered or moved.")
_seconds = Histogram(
    "muster_workflow_batch_seconds",
    "How long a batch of workflows took.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)


async def process_workflows(context: WorkerContext, workspace_id: int) -> None:
    """Processes one batch, and enqueues the rest."""
    started = time.monotonic()

    async def acknowledge() -> None:
        await context.broker.acknowledge(work.PROCESS_WORKFLOWS, workspace_id)

    try:
        done = await batches.process_batch(workspace_id, on_locked=acknowledge)
    except Exception as error:
        if not quarantine.is_a_rules_fault(error):
            raise
        log.exception("a batch of workflows failed", workspace=workspace_id)
        done = await batches.process_batch(workspace_id, SMALL, acknowledge, one_by_one=True)
    if done is None:
        return
    _enrollments.inc(done.enrollments)
    _seconds.observe(time.monotonic() - started)
    if done.more:
        await enqueue(work.PROCESS_WORKFLOWS, workspace_id)


async def pause_workflows(context: WorkerContext, workspace_id: int) -> None:
    await context.broker.acknowledge(work.PAUSE_WORKFLOWS, workspace_id)
    await pausing.pause_stopped(workspace_id)


async def index_dates(context: WorkerContext, workspace_id: int) -> None:
    """Without the index dates are found too, by reading all contacts."""
    await context.broker.acknowledge(work.INDEX_DATES, workspace_id)
    scope = await workspaces.find_system_scope(workspace_id)
    while scope is not None and not await indexes.build(scope):
        await asyncio.sleep(AGAIN_SECONDS)


async def find_stopped(_: WorkerContext) -> None:
    for workspace_id in await pausing.stopped():
        await enqueue(work.PAUSE_WORKFLOWS, workspace_id)


_rounds: Final = db.Rounds()


async def find_happenings(_: WorkerContext) -> None:
    """Messages get lost, and members may be written in psql."""
    for workspace_id in await news.waiting(await _rounds.next()):
        await enqueue(work.PROCESS_WORKFLOWS, workspace_id)


async def find_due(_: WorkerContext) -> None:
    for workspace_id in await engine_lock.due():
        await enqueue(work.PROCESS_WORKFLOWS, workspace_id)


PERIODIC_TASKS = [
    PeriodicTask("find_happenings", Queue.REALTIME, find_happenings, every_seconds=0.2),
    PeriodicTask("find_due_workflows", Queue.REALTIME, find_due, every_seconds=0.1),
    PeriodicTask("find_stopped_workflows", Queue.REALTIME, find_stopped, every_seconds=5, alone=True),
]

TASKS = [
    Task(work.PROCESS_WORKFLOWS, process_workflows, timeout_seconds=60),
    Task(work.PAUSE_WORKFLOWS, pause_workflows, timeout_seconds=60),
    Task(work.INDEX_DATES, index_dates, timeout_seconds=3600),
]
