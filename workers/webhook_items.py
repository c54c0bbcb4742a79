"""Webhooks, taken apart into events: an item that cannot be read fails alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models import clock
from models.messaging.channels import WhatsAppChannel
from models.messaging.provider_events import Event
from models.queue import failed_webhooks, inbox
from models.queue.failed_webhooks import Failure
from models.queue.inbox import InboundWebhook
from workers.providers.whatsapp import webhook, webhook_events
from workers.providers.whatsapp.webhook import Item


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    event: Event
    item: Item
    webhook: InboundWebhook


def read(webhooks: Sequence[InboundWebhook], channel: WhatsAppChannel) -> tuple[list[ReceivedEvent], list[Failure]]:
    """Returns the events that are about the channel, in order, and what cannot be read."""
    events: list[ReceivedEvent] = []
    failures: list[Failure] = []
    now = clock.now()
    for received in webhooks:
        try:
            envelope = webhook.load(received.body)
        except webhook.UnreadableWebhook as error:
            failures.append(inbox.failure(received, error))
            continue
        for item in _items_for(envelope, channel):
            try:
                event = webhook_events.read(item, min(received.received_at, now))
            except Exception as error:  # noqa: BLE001 - whatever it is, the other items are read
                failures.append(failure(item, received, error))
                continue
            if event is not None:
                events.append(ReceivedEvent(event, item, received))
    return events, failures


def _items_for(envelope: dict[str, object], channel: WhatsAppChannel) -> Iterator[Item]:
    """A webhook may be about several numbers; its signature used this channel's secret only."""
    for item in webhook.items(envelope):
        if item.list_name is None:
            ours = item.account_id in ("", channel.business_account_id)
        else:
            ours = item.number_id in (None, channel.number_id)
        if ours:
            yield item


def failure(item: Item, received: InboundWebhook, error: Exception) -> Failure:
    """Returns the failure of one item."""
    return failed_webhooks.failure_of(
        error, received.channel_id, item.kind[:100], item.alone(), received.attempts + 1, received.received_at
    )
