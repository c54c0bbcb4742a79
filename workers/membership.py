"""Keeps dynamic segments right: processes changes, rebuilds, audits."""

import time
from collections.abc import AsyncGenerator
from typing import Final

import structlog
from prometheus_client import Counter, Histogram

from models import db
from models.membership import audit, batches, quarantine
from models.membership import rebuild as building
from models.membership.batches import BatchResult
from models.queue import running_jobs, work
from models.queue.enqueue import enqueue
from models.queue.jobs import Job
from permissions.principal import Scope
from workers.context import PeriodicTask, Queue, Task, WorkerContext

log = structlog.get_logger(__name__)

BATCH_SECONDS: Final = 0.25
"""Other workspaces and new edits wait this long."""

SMALLEST, LARGEST, FIRST = 50, 5_000, 500
"""Contacts of a batch."""

_contacts = Counter("muster_engine_contacts_total", "Contacts whose changes or crossings were processed.")
_changes = Counter("muster_engine_changes_total", "Entries and exits that were logged.")
_seconds = Histogram(
    "muster_engine_batch_seconds",
    "How long a batch took.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5),
)


class BatchSizes:
    """How many contacts the next batch of each workspace takes, learned from how long its last one took."""

    def __init__(self, first: int = FIRST) -> None:
        self._first = first
        self._sizes: dict[int, int] = {}

    def next(self, workspace_id: int) -> int:
        return self._sizes.get(workspace_id, self._first)

    def learn(self, workspace_id: int, seconds: float, *, more: bool) -> None:
        """`more`: the batch was full, so a larger one has work."""
        size = self.next(workspace_id)
        if seconds > BATCH_SECONDS * 1.5:
            size = max(SMALLEST, int(size * BATCH_SECONDS / seconds))
        elif more and seconds < BATCH_SECONDS * 0.7:
            size = min(LARGEST, size * 2)
        self._sizes[workspace_id] = size

    def failed(self, workspace_id: int) -> None:
        """Takes a quarter: perhaps the batch timed out."""
        self._sizes[workspace_id] = max(SMALLEST, self.next(workspace_id) // 4)


batch_sizes = BatchSizes()
"""Of this worker."""


async def process_changes(context: WorkerContext, workspace_id: int) -> None:
    """Processes one batch of changes, and enqueues the rest."""
    started = time.monotonic()

    async def acknowledge() -> None:
        nonlocal started
        started = time.monotonic()
        await context.broker.acknowledge(work.PROCESS_CHANGES, workspace_id)

    size = batch_sizes.next(workspace_id)
    try:
        done = await batches.process_batch(workspace_id, size, acknowledge)
    except BaseException as error:
        batch_sizes.failed(workspace_id)
        if quarantine.is_a_rules_fault(error):
            await quarantine.isolate(workspace_id, size)
        raise
    seconds = time.monotonic() - started
    _count(done, seconds)
    batch_sizes.learn(workspace_id, seconds, more=done.more)
    if done.more:
        await enqueue(work.PROCESS_CHANGES, workspace_id)


def _count(done: BatchResult, seconds: float) -> None:
    _contacts.inc(done.contacts)
    _changes.inc(done.changes)
    _seconds.observe(seconds)


async def rebuild(context: WorkerContext, workspace_id: int, segment_id: int) -> None:
    await context.broker.acknowledge(work.REBUILD, workspace_id, segment_id)
    await building.rebuild(workspace_id, segment_id)


async def audit_next(_: WorkerContext) -> None:
    """A failing workspace does not stop the others."""
    workspace_id = await audit.find_next_workspace()
    if workspace_id is None:
        return
    try:
        await audit.step(workspace_id)
    except Exception as error:
        await audit.postpone(workspace_id)
        if quarantine.is_a_rules_fault(error):
            await quarantine.isolate_for(workspace_id, await audit.next_contacts(workspace_id))
        raise


async def recompute(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """Runs a RECOMPUTE job; a difference from the stored members is drift."""
    yield
    total: int = await db.fetch_value("SELECT count(*) FROM contacts WHERE workspace_id = $1", scope.workspace_id)
    assert job.segment_id is not None, "a RECOMPUTE job names its segment"
    rebuilt = await building.rebuild(scope.workspace_id, job.segment_id, again=True)
    if rebuilt is not None and rebuilt.drift:
        log.warning("drift corrected", workspace=scope.workspace_id, segment=job.segment_id, members=rebuilt.drift)
    drift = {"changes": rebuilt.changes, "drift": rebuilt.drift} if rebuilt is not None else {}
    await running_jobs.progress(job, done=total, total=total, progress=drift)


PERIODIC_TASKS = [PeriodicTask("audit", Queue.BULK, audit_next, every_seconds=1, alone=True)]

TASKS = [
    Task(work.PROCESS_CHANGES, process_changes, timeout_seconds=30),
    Task(work.REBUILD, rebuild, timeout_seconds=3600),
]
