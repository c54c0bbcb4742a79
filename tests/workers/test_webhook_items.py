"""Webhooks are taken apart into the events that are about the channel."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from models.queue.inbox import InboundWebhook
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID
from tests.kit import webhooks as made
from workers import webhook_items
from workers.providers.whatsapp import webhook_events

CHANNEL: Any = SimpleNamespace(number_id=NUMBER_ID, business_account_id=BUSINESS_ACCOUNT_ID)
AT = datetime(2026, 1, 1, tzinfo=UTC)


def received(body: bytes, attempts: int = 0) -> InboundWebhook:
    return InboundWebhook(1, 7, body, AT, attempts)


def test_events_come_in_order_with_what_they_came_from():
    one = received(made.body(("messages", made.of_number(statuses=[made.status(1, "read"), made.status(2, "read")]))))
    two = received(made.body(("account_update", {"event": "X"})))
    events, failures = webhook_items.read([one, two], CHANNEL)
    assert [type(each.event).__name__ for each in events] == ["StatusEvent", "StatusEvent", "AccountEvent"]
    assert [each.webhook for each in events] == [one, one, two]
    assert failures == []


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("messages", {"metadata": {"phone_number_id": "another"}, "statuses": [made.status(1, "read"), 7]}),
        ("history", {}),
    ],
)
def test_items_of_another_number_and_fields_that_nobody_reads_are_left_alone(field: str, value: dict[str, Any]):
    assert webhook_items.read([received(made.body((field, value)))], CHANNEL) == ([], [])


def test_news_of_another_account_are_left_alone():
    raw = made.body(("account_update", {"event": "X"})).replace(BUSINESS_ACCOUNT_ID.encode(), b"99")
    assert webhook_items.read([received(raw)], CHANNEL) == ([], [])


def test_what_cannot_be_read_fails_alone_with_its_attempts(monkeypatch: pytest.MonkeyPatch):
    def fails(item: Any, at: datetime) -> None:
        raise KeyError(item.kind)

    monkeypatch.setattr(webhook_events, "read", fails)
    _, failures = webhook_items.read([received(b"no JSON", 2), received(made.body(("account_update", {})))], CHANNEL)
    assert [(one.item, one.error, one.attempts, one.channel_id, one.received_at) for one in failures] == [
        ("webhook", "UnreadableWebhook", 3, 7, AT),
        ("account_update", "KeyError", 1, 7, AT),
    ]
