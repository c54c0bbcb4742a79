"""Sends webhooks to the endpoints of partners: an endpoint is leased, and sent what its logs have, until nothing is left."""

from typing import Final

import structlog
from prometheus_client import Gauge

from models import db
from models.accounts import workspaces
from models.destinations.webhooks import dispatch
from models.queue import work
from models.queue.enqueue import enqueue
from models.queue.leases import Lease, LeaseLost
from permissions.principal import Scope
from workers.context import PeriodicTask, Queue, Task, WorkerContext
from workers.leases import renewed
from workers.webhook_sending import EndpointRun, Waiting, shared_client
from workers.webhook_wakes import WAKES

log = structlog.get_logger(__name__)

LINGER_SECONDS: Final = 1.0
"""So long a worker waits for more before it lets go of an endpoint, unless it is crowded."""

CROWDED: Final = 250
"""With so many endpoints in work, others need the room."""

_working = Gauge("muster_webhook_endpoints_held", "Endpoints that this process holds.", multiprocess_mode="livesum")

_held: set[Lease] = set()


async def send_webhooks(context: WorkerContext, workspace_id: int, endpoint_id: int) -> None:
    await context.broker.acknowledge(work.SEND_WEBHOOKS, workspace_id, endpoint_id)
    scope = await workspaces.find_system_scope(workspace_id)
    if scope is None:
        return
    lease = await dispatch.take(workspace_id, endpoint_id)
    if lease is None:
        WAKES.wake(workspace_id)  # who holds it may be waiting for more
        return
    _held.add(lease)
    try:
        with _working.track_inprogress():
            more = await _run(context, scope, lease)
    finally:
        _held.discard(lease)
    if more:
        await enqueue(work.SEND_WEBHOOKS, workspace_id, endpoint_id)


async def _run(context: WorkerContext, scope: Scope, lease: Lease) -> bool:
    """Returns whether there is more to send now."""
    db.run_for(scope.workspace_id, ("webhook endpoint", lease.key))  # workspaces take turns at the database
    client = await shared_client(context)
    try:
        async with renewed(lambda: dispatch.renew(lease), lease.table.seconds / 3) as lost:
            with WAKES.wake_of(scope.workspace_id) as wake:
                waiting = Waiting(wake, lambda: len(_held) >= CROWDED, LINGER_SECONDS)
                more = await EndpointRun(context, scope, lease, client, lost, waiting).run()
    except LeaseLost:
        return False
    finally:
        await _release(lease)
    return more or await dispatch.is_behind(scope, lease)


async def _release(lease: Lease) -> None:
    try:
        await dispatch.release(lease)
    except Exception as error:  # noqa: BLE001 - it runs out soon
        if not db.logged_as_outage(error):
            log.warning("an endpoint was not released", error=type(error).__name__)


# ---------------------------------------------------------------- periodic tasks


_rounds: Final = db.Rounds()


async def find_endpoints(_: WorkerContext) -> None:
    """Hints and messages get lost, and attempts become due."""
    for workspace_id, endpoint_id in await dispatch.waiting(among=await _rounds.next()):
        await enqueue(work.SEND_WEBHOOKS, workspace_id, endpoint_id)


async def find_messages(_: WorkerContext) -> None:
    """A message names no time at its endpoint; its own message to the workers may be lost."""
    for workspace_id, endpoint_id in await dispatch.with_messages():
        await enqueue(work.SEND_WEBHOOKS, workspace_id, endpoint_id)


async def skip_old_messages(context: WorkerContext) -> None:
    while not context.stopping.is_set() and await dispatch.skip_old_messages():
        pass


async def drop_old_deliveries(context: WorkerContext) -> None:
    while not context.stopping.is_set() and await dispatch.drop_old():
        pass


TASKS: Final = [Task(work.SEND_WEBHOOKS, send_webhooks, timeout_seconds=400)]

PERIODIC_TASKS: Final = [
    PeriodicTask("find_endpoints", Queue.WEBHOOK, find_endpoints, every_seconds=1.0, alone=True),
    PeriodicTask("find_messages", Queue.WEBHOOK, find_messages, every_seconds=10.0, alone=True),
    PeriodicTask("skip_old_messages", Queue.WEBHOOK, skip_old_messages, every_seconds=600.0, alone=True),
    PeriodicTask("drop_old_deliveries", Queue.WEBHOOK, drop_old_deliveries, every_seconds=3600.0, alone=True),
]
