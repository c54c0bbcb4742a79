"""Measures what waits, for Prometheus. Each bulk worker does, so that the figures do not depend on the workers that are late."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from prometheus_client import Gauge

from models import clock
from models.membership import dirty_contacts
from models.queue import backlog, failed_webhooks
from workers.context import PeriodicTask, Queue, WorkerContext

_lag = Gauge("muster_engine_lag_seconds", "How long the oldest change of a contact has waited for the engine.")
_jobs = Gauge("muster_jobs_waiting", "Jobs that no worker has begun.")
_oldest_job = Gauge("muster_jobs_oldest_seconds", "How long the oldest of them has waited.")
_webhooks = Gauge("muster_webhooks_waiting", "Webhooks that are stored and not yet processed.")
_oldest_webhook = Gauge("muster_webhooks_oldest_seconds", "How long the oldest of them has waited.")
_kept = Gauge("muster_webhook_failures_kept", "Items of webhooks that failed and wait for a person.")


async def measure_backlog(_: WorkerContext) -> None:
    _lag.set(_age([await dirty_contacts.oldest(one) for one in await dirty_contacts.waiting()]))
    jobs, webhooks = await backlog.jobs(), await backlog.webhooks()
    _jobs.set(jobs.waiting)
    _oldest_job.set(_age([jobs.oldest_at]))
    _webhooks.set(webhooks.waiting)
    _oldest_webhook.set(_age([webhooks.oldest_at]))
    _kept.set((await failed_webhooks.totals())[0])


def _age(moments: Iterable[datetime | None]) -> float:
    oldest = min((moment for moment in moments if moment is not None), default=None)
    return 0.0 if oldest is None else max((clock.now() - oldest).total_seconds(), 0.0)


PERIODIC_TASKS: Final = [PeriodicTask("measure_backlog", Queue.BULK, measure_backlog, every_seconds=15)]
