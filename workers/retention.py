"""Drops what is kept no longer, in chunks: it may stop at any line, and the next run goes on."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from models import clock
from models.changelog import retention
from models.contacts import old_activities
from models.queue import old_jobs, old_webhooks
from models.workflows.insight import old_enrollments
from models.workflows.steps import STEPS
from workers.context import PeriodicTask, Queue, WorkerContext

HOUR_SECONDS: Final = 3600


async def drop_old_changes(context: WorkerContext) -> None:
    kept = timedelta(days=context.config.change_log_days)
    for log in retention.LOGS:
        await _in_chunks(context, partial(retention.drop_older_than, kept, log))


async def drop_old_steps(context: WorkerContext) -> None:
    """Steps of workflows, and whose enrollment ended so long ago."""
    kept = timedelta(days=context.config.workflow_step_days)
    await _in_chunks(context, partial(retention.drop_older_than, kept, STEPS))
    await _in_chunks(context, partial(retention.drop_unclosed, STEPS))
    await _in_chunks(context, partial(old_enrollments.drop_older_than, clock.now() - kept))


async def drop_old_activities(context: WorkerContext) -> None:
    await _older_than(context, context.config.activity_days, old_activities.drop_older_than)


async def drop_old_jobs(context: WorkerContext) -> None:
    await _older_than(context, context.config.job_days, old_jobs.drop_older_than)


async def drop_old_webhooks(context: WorkerContext) -> None:
    await _older_than(context, context.config.failed_webhook_days, old_webhooks.drop_older_than)


async def _older_than(context: WorkerContext, days: int | None, drop: Callable[[datetime], Awaitable[int]]) -> None:
    """With `days` None, all are kept."""
    if days is not None:
        await _in_chunks(context, partial(drop, clock.now() - timedelta(days=days)))


async def _in_chunks(context: WorkerContext, drop: Callable[[], Awaitable[int]]) -> None:
    while not context.stopping.is_set() and await drop():
        pass


PERIODIC_TASKS: Final = [
    PeriodicTask(task.__name__, Queue.BULK, task, every_seconds=HOUR_SECONDS, alone=True)
    for task in (drop_old_changes, drop_old_steps, drop_old_activities, drop_old_jobs, drop_old_webhooks)
]
