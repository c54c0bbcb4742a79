"""Kinds of activity for what arrives from people."""

from datetime import UTC, datetime

import pytest

from models.messaging.inbound_activities import LONGEST_TEXT, activity_of, is_said, kind_of
from models.messaging.provider_events import InboundEvent, Sender

AT = datetime(2026, 1, 1, tzinfo=UTC)


def event(kind: str, **more) -> InboundEvent:
    return InboundEvent("n", "w", Sender("34600"), AT, kind, **more)


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        (event("text"), "message.received", True),
        (event("image"), "message.received", True),
        (event("order"), "message.received", True),
        (event("a new type"), "message.received", True),
        (event("reaction", details={"emoji": "👍"}), "message.reacted", True),
        (event("reaction"), "message.reacted", False),
        (event("edit"), "message.edited", True),
        (event("revoke"), "message.revoked", False),
        (event("unsupported"), "message.unsupported", False),
        (event("system"), "message.system", False),
        (event("system", new_wa_id="34601"), "contact.number_changed", False),
    ],
)
def test_an_activity_is_called_by_what_happened_and_only_a_person_s_word_is_said(given, kind: str, said: bool):
    assert (kind_of(given), is_said(given)) == (kind, said)


def test_an_activity_holds_what_the_message_holds_in_few_characters():
    given = event(
        "order",
        text="x" * 5000,
        payload="p",
        answers="w9",
        details={"items": ["sku"] * 90, "total": 2, "note": "y" * 5000},
    )
    made = activity_of(5, given, {"w9": {"broadcastId": "QnJvYWRjYXN0OjE"}})
    assert made.properties == {
        "type": "order",
        "items": ["sku"] * 50,
        "total": 2,
        "note": "y" * LONGEST_TEXT,
        "text": "x" * LONGEST_TEXT,
        "payload": "p",
        "broadcastId": made.properties["broadcastId"],
    }
    assert (made.contact_id, made.key, made.at) == (5, "whatsapp:w", AT)
    assert activity_of(5, event("system", new_wa_id="34601"), {}).properties == {"type": "system", "number": "+34601"}
