"""Runs jobs: each message makes a worker continue the fairest choice."""

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from functools import partial

import structlog
from prometheus_client import Counter

from models import db
from models.accounts import workspaces
from models.errors import DomainError, Problems
from models.queue import jobs, running_jobs, work
from models.queue.enqueue import enqueue
from models.queue.jobs import Job, JobKind
from models.queue.leases import LeaseLost
from models.workflows.trials import backtest
from permissions.principal import Scope
from workers import audience_jobs, contacts, exports, imports, membership, segments, workflow_jobs
from workers.context import PeriodicTask, Queue, Task, WorkerContext
from workers.leases import run_while_held

log = structlog.get_logger(__name__)

Handler = Callable[[Scope, Job], AsyncGenerator[None, None]]
"""Continues from `job.progress`. It yields, outside a transaction, wherever it may be stopped.

DomainError and Problems fail the job; NotYet postpones it; LeaseLost leaves it to its new worker; after other errors it is tried
again."""

HANDLERS: Mapping[JobKind, Handler] = {
    JobKind.EXPORT: exports.run,
    JobKind.IMPORT: imports.run,
    JobKind.RECOMPUTE: membership.recompute,
    JobKind.SEGMENT_CONTACTS: segments.change_contacts,
    JobKind.TAG_CHANGE: contacts.change_tag,
    JobKind.WORKFLOW_CONTACTS: workflow_jobs.change_contacts,
    JobKind.WORKFLOW_BACKTEST: backtest.run,
}

PROVIDER_HANDLERS: Mapping[JobKind, Callable[[WorkerContext, Scope, Job], AsyncGenerator[None, None]]] = {
    JobKind.AUDIENCE: audience_jobs.reconcile,
}
"""Those that call a provider, and so need the settings of the worker."""

_ended = Counter(
    "muster_jobs_ended_total", "Jobs that workers brought to an end, by kind and status.", ["kind", "status"]
)

STINT_SECONDS = 5.0
"""The longest time at one job; then other jobs can be taken."""

RENEW_SECONDS = 4.0
"""Three times before a lease runs out."""

ENQUEUED_AT_ONCE = 3


async def run_job(context: WorkerContext, workspace_id: int, job_id: int) -> None:
    """The fairest choice may not be the enqueued job."""
    await context.broker.acknowledge(work.RUN_JOB, workspace_id, job_id)
    for candidate in await running_jobs.waiting(limit=10):
        job = await running_jobs.take(*candidate)
        if job is not None:
            await work_on(context, job)
            await _enqueue_waiting(context, ENQUEUED_AT_ONCE)
            return


async def find_jobs(context: WorkerContext) -> None:
    """Messages get lost, and leases run out."""
    await _enqueue_waiting(context, 1000)


async def _enqueue_waiting(context: WorkerContext, limit: int) -> None:
    if not context.stopping.is_set():
        for workspace_id, job_id in await running_jobs.waiting(limit):
            await enqueue(work.RUN_JOB, workspace_id, job_id)


TASKS = [Task(work.RUN_JOB, run_job, timeout_seconds=300)]
PERIODIC_TASKS = [PeriodicTask("find_jobs", Queue.BULK, find_jobs, every_seconds=1, alone=True)]


async def work_on(context: WorkerContext, job: Job) -> None:
    """Works until the job ends, its time is over, the worker stops or the lease is lost."""
    await run_while_held(_work(context, job), lambda: running_jobs.renew(job), RENEW_SECONDS)
    if job.status in jobs.ENDED:
        _ended.labels(job.kind, job.status).inc()


async def _work(context: WorkerContext, job: Job) -> None:
    try:
        await _go_on(context, job, _handler(context, JobKind(job.kind)))
    except (DomainError, Problems) as error:
        await running_jobs.fail(job, str(error))
    except running_jobs.NotYet as error:
        await running_jobs.postpone(job, error.seconds)
    except LeaseLost:
        log.info("job taken over by another worker", job=job.id)
    except asyncio.CancelledError:
        with contextlib.suppress(Exception):
            await running_jobs.release(job)
        raise
    except Exception as error:  # tried again from its progress
        if not db.logged_as_outage(error):
            log.warning("work on a job failed", job=job.id, kind=job.kind, error=type(error).__name__, exc_info=True)
        with contextlib.suppress(Exception):
            await running_jobs.retry(job)


def _handler(context: WorkerContext, kind: JobKind) -> Handler:
    return partial(PROVIDER_HANDLERS[kind], context) if kind in PROVIDER_HANDLERS else HANDLERS[kind]


async def _go_on(context: WorkerContext, job: Job, handler: Handler) -> None:
    if _is_cancelled(job):
        await running_jobs.cancelled(job)
        return
    scope = await workspaces.find_system_scope(job.workspace_id)
    assert scope is not None, "a job is deleted with its workspace"
    ends_at = time.monotonic() + STINT_SECONDS
    async with contextlib.aclosing(handler(scope, job)) as steps:
        async for _ in steps:
            if _is_cancelled(job) or context.stopping.is_set() or time.monotonic() >= ends_at:
                break
        else:
            await running_jobs.finish(job)
            return
    await (running_jobs.cancelled(job) if _is_cancelled(job) else running_jobs.release(job))


def _is_cancelled(job: Job) -> bool:
    return job.cancel_asked_at is not None
