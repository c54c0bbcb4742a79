"""Prepares, sends and ends broadcasts."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final

import structlog

from models import clock
from models.accounts import workspaces
from models.accounts.secrets import SecretUnreadable
from models.broadcasts import starting, stopping, waiting
from models.messaging import channels, outcomes, quota, sources
from models.messaging.channels import Credentials
from models.messaging.sources import SourceKind, SourceState, Unfinished
from models.queue import work
from models.queue.enqueue import enqueue
from models.workflows.messages import senders
from workers import sending_slots, stops
from workers.context import PeriodicTask, Queue, Task, WorkerContext
from workers.outcome_writer import OutcomeWriter
from workers.providers.whatsapp.client import Client, open_session
from workers.sending import SendingRun
from workers.token_bucket import Bucket

log = structlog.get_logger(__name__)

STOP_SECONDS: Final = 3.5
"""How long open calls, and then their outcomes, are awaited at a stop."""

QUOTA_LOOK_SECONDS: Final = 30.0
"""Between looks at a workspace at its daily limit."""


async def prepare_broadcast(context: WorkerContext, workspace_id: int, broadcast_id: int) -> None:
    await context.broker.acknowledge(work.PREPARE_BROADCAST, workspace_id, broadcast_id)
    scope = await workspaces.find_system_scope(workspace_id)
    if scope is not None and await starting.prepare(scope, broadcast_id):
        await sending_slots.wake(context.broker.redis, workspace_id)
        await fill_slots(workspace_id)


async def send_slice(context: WorkerContext, workspace_id: int, slot: int) -> None:
    await context.broker.acknowledge(work.SEND_SLICE, workspace_id, slot)
    async with sending_slots.held(workspace_id, slot) as lost:
        channel = None if lost is None else await _credentials(workspace_id)
        if lost is None or channel is None:
            return

        def stopping() -> bool:
            return context.stopping.is_set() or lost.is_set()

        async with _run(context, workspace_id, channel, stopping) as run:
            more = await run.run()
    if run.out_of_quota:
        await _wait_for_quota(context, workspace_id, channel)
    elif more and not stopping():
        await enqueue(work.SEND_SLICE, workspace_id, slot)


@contextlib.asynccontextmanager
async def _run(
    context: WorkerContext, workspace_id: int, channel: Credentials, stopping: Callable[[], bool]
) -> AsyncIterator[SendingRun]:
    """Open calls are always awaited and their outcomes written."""
    options = context.config.whatsapp
    writer = OutcomeWriter(workspace_id, options.most_failures)
    writing = asyncio.create_task(writer.run())
    async with open_session(options.timeout_seconds) as session:
        client = Client(session, options.url, options.version)
        bucket = Bucket(context.broker.redis, channel.number_id, channel.messages_per_second)
        run = SendingRun(workspace_id, channel, client, bucket, writer, stopping, options.claim_seconds)
        try:
            yield run
        finally:
            await _end(context, run, writer, writing, options.timeout_seconds)


async def _end(
    context: WorkerContext,
    run: SendingRun,
    writer: OutcomeWriter,
    writing: "asyncio.Task[None]",
    timeout_seconds: float,
) -> None:
    patience = STOP_SECONDS if context.stopping.is_set() else timeout_seconds + 1
    await run.drain(patience)
    writer.end()
    await asyncio.wait({writing}, timeout=patience)
    writing.cancel()
    for broadcast_id in sources.ids_of(SourceKind.BROADCAST, run.seen):
        await stopping.finish(run.workspace_id, broadcast_id)


async def _credentials(workspace_id: int) -> Credentials | None:
    try:
        channel = await channels.find_credentials(workspace_id)
    except SecretUnreadable as error:
        await stops.stop_all(workspace_id, f"Paused by itself: the channel's token cannot be read ({error}).")
        return None
    if channel is None:
        await stops.stop_all(workspace_id, "Paused by itself: no channel is connected.")
    return channel


async def _wait_for_quota(context: WorkerContext, workspace_id: int, channel: Credentials) -> None:
    at = await quota.free_at(workspace_id, channel.business_account_id, clock.now())
    seconds = max(1.0, (at - clock.now()).total_seconds())
    limit = f"the account may write to {channel.daily_limit:,} people in 24 hours"
    await waiting.set_reason(workspace_id, waiting.until(at, f"{limit}."))
    await sending_slots.rest(context.broker.redis, workspace_id, min(seconds, QUOTA_LOOK_SECONDS))


async def end_broadcast(context: WorkerContext, workspace_id: int, broadcast_id: int) -> None:
    """Makes the waiting messages of a cancelled broadcast SKIPPED."""
    await context.broker.acknowledge(work.END_BROADCAST, workspace_id, broadcast_id)
    await stopping.end_cancelled(workspace_id, broadcast_id)


async def fill_slots(workspace_id: int) -> None:
    slots = sending_slots.slots_of(await channels.find_pace(workspace_id))
    for slot in await sending_slots.free(workspace_id, slots):
        await enqueue(work.SEND_SLICE, workspace_id, slot)


async def start_due(_: WorkerContext) -> None:
    await starting.start_due()


async def carry_on(context: WorkerContext) -> None:
    """Messages and workers may be lost: PostgreSQL says what is unfinished."""
    for workspace_id, broadcast_id in await starting.preparing():
        await enqueue(work.PREPARE_BROADCAST, workspace_id, broadcast_id)
    to_send: set[int] = set()
    for one in await sources.unfinished():
        if one.sending:
            await outcomes.expire_leases(one.workspace_id, one.source)
        if one.state is SourceState.SENDING and one.pending:
            to_send.add(one.workspace_id)
            if one.source.kind == SourceKind.BROADCAST:
                await waiting.say(one.workspace_id, one.source.id)
        elif one.source.kind == SourceKind.BROADCAST:
            await _end_if_over(one)
        elif one.state is SourceState.ENDED and one.pending:
            await senders.end(one.workspace_id, one.source)
    for workspace_id in to_send:
        if not await sending_slots.is_resting(context.broker.redis, workspace_id) and await sources.has_due(
            workspace_id
        ):
            await fill_slots(workspace_id)


async def _end_if_over(one: Unfinished) -> None:
    if one.state is SourceState.ENDED and one.pending:
        await enqueue(work.END_BROADCAST, one.workspace_id, one.source.id)
    elif one.state is SourceState.SENDING and not one.sending:
        await stopping.finish(one.workspace_id, one.source.id)


async def forget_old(context: WorkerContext) -> None:  # noqa: ARG001 - every periodic task gets the context
    await quota.forget_old(clock.now())


TASKS: Final = [
    Task(work.PREPARE_BROADCAST, prepare_broadcast, timeout_seconds=600),
    Task(work.SEND_SLICE, send_slice, timeout_seconds=180),
    Task(work.END_BROADCAST, end_broadcast, timeout_seconds=300),
]

PERIODIC_TASKS: Final = [
    PeriodicTask("start_due", Queue.BROADCAST, start_due, every_seconds=1.0, alone=True),
    PeriodicTask("carry_on", Queue.BROADCAST, carry_on, every_seconds=1.0, alone=True),
    PeriodicTask("forget_old_reach", Queue.BROADCAST, forget_old, every_seconds=3600, alone=True),
]
