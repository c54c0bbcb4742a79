"""Processes stored webhooks in bulk."""

from collections.abc import Mapping, Sequence
from typing import Final

import structlog
from prometheus_client import Counter

from models import db
from models.accounts import workspaces
from models.messaging import channels, inbound, senders, statuses, templates
from models.messaging.channels import WhatsAppChannel
from models.messaging.provider_events import (
    AccountEvent,
    Event,
    InboundEvent,
    PreferenceEvent,
    StatusEvent,
    TemplateEvent,
)
from models.messaging.sources import MessageSource
from models.queue import failed_webhooks, inbox, requests, work
from models.queue.enqueue import enqueue
from models.queue.failed_webhooks import Failure
from models.queue.inbox import InboundWebhook
from models.queue.requests import ProviderRequestKind
from permissions.principal import Scope
from workers import stops, webhook_items
from workers.context import PeriodicTask, Queue, Task, WorkerContext
from workers.webhook_items import ReceivedEvent

log = structlog.get_logger(__name__)

AT_ONCE: Final = 300

_events = Counter("muster_webhook_events_total", "Events of webhooks, by kind.", ["kind"])
_failures = Counter("muster_webhook_failures_total", "Items of webhooks that failed and are kept, by error.", ["error"])


async def process_webhooks(context: WorkerContext, workspace_id: int) -> None:
    await context.broker.acknowledge(work.PROCESS_WEBHOOKS, workspace_id)
    scope = await workspaces.find_system_scope(workspace_id)
    if scope is None or not await _process_all(context, scope):
        return
    if await inbox.has(workspace_id):  # came while we held the inbox
        await enqueue(work.PROCESS_WEBHOOKS, workspace_id)


async def _process_all(context: WorkerContext, scope: Scope) -> bool:
    """Returns False when another worker processes this workspace's webhooks."""
    most = AT_ONCE
    while not context.stopping.is_set():
        processed, most = await _process(scope, most)
        if processed is None:
            return False
        if not processed and most == AT_ONCE:
            break
    return True


async def _process(scope: Scope, most: int) -> tuple[int | None, int]:
    """Returns its count and how many to try next: after a failure, one by one."""

    async def reader(webhooks: Sequence[InboundWebhook]) -> None:
        await _read(scope, webhooks)

    try:
        return await inbox.process(scope.workspace_id, most, reader), AT_ONCE
    except Exception as error:
        if most == 1 and not isinstance(error, inbox.Unprocessable):
            raise  # the database may be away
        if not db.logged_as_outage(error):
            log.warning("webhooks could not be processed", most=most, error=type(error).__name__, exc_info=True)
        return 0, 1


async def _read(scope: Scope, webhooks: Sequence[InboundWebhook]) -> None:
    """Each webhook is read for the channel that received it, though it may be disconnected by now."""
    received_by = await channels.that_received(scope, {one.channel_id for one in webhooks})
    failures: list[Failure] = []
    reasons: dict[MessageSource, str] = {}
    for channel_id, channel in sorted(received_by.items()):
        own = [one for one in webhooks if one.channel_id == channel_id]
        events, unreadable = webhook_items.read(own, channel)
        failures += unreadable
        reasons = {**await _apply(scope, channel, events, failures), **reasons}
    await stops.pause(scope.workspace_id, reasons)
    await _keep(scope, failures)


async def _keep(scope: Scope, failures: Sequence[Failure]) -> None:
    await failed_webhooks.keep(scope.workspace_id, failures)
    for one in failures:
        _failures.labels(one.error).inc()
    if failures:
        log.warning("items of webhooks failed", errors=sorted({one.error for one in failures}), count=len(failures))


async def _apply(
    scope: Scope, channel: WhatsAppChannel, events: Sequence[ReceivedEvent], failures: list[Failure]
) -> Mapping[MessageSource, str]:
    """Returns what must be paused. Events that fail together are tried in halves, until those that fail alone are found."""
    if not events:
        return {}
    try:
        async with db.savepoint():
            return await _handle(scope, channel, [one.event for one in events])
    except Exception as error:
        if db.is_passing(error):
            raise
        if len(events) == 1:
            failures.append(webhook_items.failure(events[0].item, events[0].webhook, error))
            return {}
    middle = len(events) // 2
    first = await _apply(scope, channel, events[:middle], failures)
    return {**await _apply(scope, channel, events[middle:], failures), **first}


async def _handle(scope: Scope, channel: WhatsAppChannel, events: Sequence[Event]) -> Mapping[MessageSource, str]:
    workspace_id = scope.workspace_id
    found = await statuses.process(workspace_id, [event for event in events if isinstance(event, StatusEvent)])
    reasons = await stops.reached_by(workspace_id, found)
    recipients = [event.recipient for event in events if isinstance(event, StatusEvent) and event.recipient]
    await senders.remember(workspace_id, recipients)
    messages = [event for event in events if isinstance(event, InboundEvent)]
    unknown = await inbound.process(workspace_id, messages, channel.stop_words)
    await inbound.heed_preferences(workspace_id, [event for event in events if isinstance(event, PreferenceEvent)])
    for event in events:
        if isinstance(event, TemplateEvent):
            reasons = await _template_changed(scope, event) | reasons
        elif isinstance(event, AccountEvent) and channel.disconnected_at is None:
            reasons = await _account_changed(scope, event) | reasons
    for event in events:
        _events.labels(type(event).__name__).inc()
    _events.labels("FromNobodyKnown").inc(unknown)
    return reasons


async def _template_changed(scope: Scope, event: TemplateEvent) -> dict[MessageSource, str]:
    changed = await templates.status_changed(
        scope.workspace_id, event.account_id, event.name, event.language, event.status
    )
    if not changed or event.status in templates.SENDABLE_AGAIN:
        return {}
    reason = f"Paused by itself: WhatsApp says that the template {event.name} is {event.status.lower()}."
    return await stops.sending(scope.workspace_id, reason, changed)


async def _account_changed(scope: Scope, event: AccountEvent) -> dict[MessageSource, str]:
    await requests.ask(scope, ProviderRequestKind.CHECK)
    return await stops.sending(scope.workspace_id, f"Paused by itself: {event.reason}") if event.stop else {}


async def find_webhooks(_: WorkerContext) -> None:
    for workspace_id in await inbox.waiting():
        await enqueue(work.PROCESS_WEBHOOKS, workspace_id)


TASKS: Final = [Task(work.PROCESS_WEBHOOKS, process_webhooks, timeout_seconds=60)]

PERIODIC_TASKS: Final = [PeriodicTask("find_webhooks", Queue.BROADCAST, find_webhooks, every_seconds=1.0, alone=True)]
