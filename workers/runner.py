"""A worker process: arq on one queue, periodic tasks, metrics. It ends when Redis goes away; the supervisor restarts it."""

import asyncio
import functools
import gc
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from types import ModuleType
from typing import Any, Final, cast

import structlog
from arq.typing import WorkerCoroutine
from arq.worker import Function, func
from prometheus_client import Counter, Histogram
from redis.exceptions import RedisError

from models import db
from workers import (
    accounts,
    audiences,
    backlog,
    broadcasts,
    contacts,
    duplicates,
    erasures,
    imports,
    jobs,
    membership,
    membership_periodic,
    meta_requests,
    provider_requests,
    retention,
    scores,
    segments,
    webhook_deliveries,
    webhook_wakes,
    webhooks,
    workflow_figures,
    workflow_jobs,
    workflows,
)
from workers.broker import connected_broker, queue_key
from workers.context import PeriodicTask, Queue, Task, WorkerConfig, WorkerContext
from workers.metrics_server import serve_metrics
from workers.queue_worker import QueueWorker

__all__ = ["Queue", "WorkerConfig", "run_worker"]

log = structlog.get_logger(__name__)

MODULES: Final[Sequence[ModuleType]] = (
    membership,
    jobs,
    imports,
    segments,
    contacts,
    erasures,
    membership_periodic,
    retention,
    backlog,
    broadcasts,
    provider_requests,
    webhooks,
    workflow_figures,
    webhook_deliveries,
    webhook_wakes,
    workflow_jobs,
    workflows,
    audiences,
    meta_requests,
    scores,
    duplicates,
    accounts,
)

STOP_SECONDS: Final = 8
"""Then running tasks are cancelled."""


AT_ONCE: Final = {
    Queue.REALTIME: 4,
    Queue.BULK: 4,
    Queue.BROADCAST: 100,  # mostly waits for its pace
    Queue.WEBHOOK: 500,  # mostly waits for partners
}

IDLE_SECONDS: Final = 0.25
"""Between two looks into a queue when no message of new work came, because it was lost."""

REDIS_SECONDS: Final = 5.0
"""Longer than callers wait: nobody waits for a worker."""

_ran = Histogram("muster_task_seconds", "How long a task of a worker ran.", ["task"])
_failed = Counter("muster_task_failures_total", "Runs of a task or a periodic task that raised.", ["task"])


def run_worker(queue: str, config: WorkerConfig) -> int:
    """Blocks until SIGTERM or SIGINT; returns the exit code: 0, or 1 when a server went away."""
    return asyncio.run(work(Queue(queue), config))


async def work(queue: Queue, config: WorkerConfig) -> int:
    logging.getLogger("arq").setLevel(logging.WARNING)  # it logs every job
    if config.metrics_port is not None:
        serve_metrics(config.metrics_host, config.metrics_port, config.metrics_token)
    await db.connect(
        config.database_url,
        pool_max=config.database_pool_size,
        application_name=f"muster {queue.value}",
        keep_large_statements=True,
    )
    try:
        async with connected_broker(config.redis_url, REDIS_SECONDS) as broker:
            _tune_garbage_collector()
            context = WorkerContext(queue, config, broker, asyncio.Event())
            async with context.closing:
                return await _serve(context)
    finally:
        await db.disconnect()


def _tune_garbage_collector() -> None:
    """Skip the objects of the start; look less often at short-lived rows."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)


async def _serve(context: WorkerContext) -> int:
    worker = _queue_worker(context)
    _stop_on_signals(context, worker)
    beside = [asyncio.create_task(worker.listen(context.broker, context.queue))]
    beside += [asyncio.create_task(_keep_repeating(context, task)) for task in _listed("PERIODIC_TASKS", context.queue)]
    log.info("worker started", queue=context.queue.value)
    try:
        await worker.async_run()
    except asyncio.CancelledError:
        if not context.stopping.is_set():
            raise
    except (RedisError, OSError) as error:
        log.error("redis went away", queue=context.queue.value, error=type(error).__name__)
        return 1
    finally:
        context.stopping.set()
        await _end(worker, beside)
    log.info("worker stopped", queue=context.queue.value)
    return 0


async def _end(worker: QueueWorker, beside: Sequence[asyncio.Task[None]]) -> None:
    running = [*worker.tasks.values(), *beside]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


def _stop_on_signals(context: WorkerContext, worker: QueueWorker) -> None:
    def stop(number: signal.Signals) -> None:
        if context.stopping.is_set():
            return
        context.stopping.set()
        worker.handle_sig_wait_for_completion(number)

    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop, number)


def _listed(name: str, queue: Queue) -> list[Any]:
    return [entry for module in MODULES for entry in getattr(module, name, ()) if entry.queue is queue]


def _queue_worker(context: WorkerContext) -> QueueWorker:
    tasks: list[Task[*tuple[Any, ...]]] = _listed("TASKS", context.queue)
    # arq keeps a killed worker's job locked for the longest timeout. Nothing waits for it: ids are random, and a
    # periodic task enqueues another.
    return QueueWorker(
        functions=[_arq_function(context, task) for task in tasks] or [_nothing()],
        queue_name=queue_key(context.queue),
        redis_pool=context.broker.redis,
        idle_seconds=IDLE_SECONDS,
        max_jobs=AT_ONCE[context.queue],
        keep_result=0,
        max_tries=3,
        handle_signals=False,
        job_completion_wait=STOP_SECONDS,
        job_serializer=context.broker.redis.job_serializer,
        job_deserializer=context.broker.redis.job_deserializer,
        log_results=False,
    )


def _arq_function(context: WorkerContext, task: Task[*tuple[Any, ...]]) -> Function:
    async def run(_: dict[Any, Any], *args: int) -> None:
        await _observed(task.name, functools.partial(task.run, context, *args))

    return func(cast(WorkerCoroutine, run), name=task.name, keep_result=0, timeout=task.timeout_seconds)


def _nothing() -> Function:
    async def run(_: dict[Any, Any]) -> None:
        return None

    return func(cast(WorkerCoroutine, run), name="nothing")


async def _observed(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """A periodic task finds what an error left undone."""
    try:
        with _ran.labels(name).time():
            await run()
    except Exception as error:  # must not end the worker
        _failed.labels(name).inc()
        if not db.logged_as_outage(error):
            log.exception("task failed", task=name, error=type(error).__name__)


async def _keep_repeating(context: WorkerContext, task: PeriodicTask) -> None:
    while not context.stopping.is_set():
        began = time.monotonic()
        await _observed(task.name, functools.partial(_run_once, context, task))
        await asyncio.sleep(task.rest_seconds(time.monotonic() - began))


async def _run_once(context: WorkerContext, task: PeriodicTask) -> None:
    if not task.alone or await context.broker.first(f"periodic:{task.name}", task.every_seconds * 0.9):
        await task.run(context)
