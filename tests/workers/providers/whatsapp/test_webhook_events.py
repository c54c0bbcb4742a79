"""Items of webhooks are read as events, and those that lack something are refused."""

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.messaging.policy import Answer, Reach, stop_reach
from models.messaging.provider_events import (
    AccountEvent,
    Event,
    InboundEvent,
    PreferenceEvent,
    Receipt,
    Sender,
    StatusEvent,
    TemplateEvent,
)
from workers.providers.whatsapp import webhook, webhook_events
from workers.providers.whatsapp.webhook_events import UnreadableItem

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def parse(body: dict[str, Any]) -> list[Event]:
    found = (webhook_events.read(item, NOW) for item in webhook.items(body))
    return [event for event in found if event is not None]


def envelope(*changes: tuple[str, dict]) -> dict:
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": "account", "changes": [{"field": field, "value": value} for field, value in changes]}],
    }


def of_number(**value) -> dict:
    return {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "number"}, **value}


def test_statuses_are_read_with_reference_and_error():
    failed = {
        "id": "wamid.1",
        "status": "failed",
        "timestamp": "1750030073",
        "recipient_id": "15550001111",
        "biz_opaque_callback_data": "muster:9",
        "errors": [{"code": 131050, "title": "t", "error_data": {"details": "stopped"}}],
    }
    read = {"id": "wamid.2", "status": "read", "timestamp": "1750030074"}
    assert parse(envelope(("messages", of_number(statuses=[failed, read])))) == [
        StatusEvent(
            number_id="number",
            message_id="wamid.1",
            receipt=Receipt.FAILED,
            at=datetime.fromtimestamp(1750030073, UTC),
            reference="muster:9",
            error_code=131050,
            reason="stopped",
            answer=Answer.OPTED_OUT,
        ),
        StatusEvent("number", "wamid.2", Receipt.READ, datetime.fromtimestamp(1750030074, UTC)),
    ]


def test_a_failure_that_is_not_about_the_recipient_says_how_far_it_reaches():
    def reach(code: int) -> Reach | None:
        status = {"id": "w", "status": "failed", "timestamp": "1", "errors": [{"code": code}]}
        (event,) = parse(envelope(("messages", of_number(statuses=[status]))))
        assert isinstance(event, StatusEvent)
        return stop_reach(event.answer)

    assert reach(131031) is Reach.ACCOUNT
    assert reach(132015) is Reach.TEMPLATE
    assert reach(131026) is None


def test_many_entries_changes_and_statuses_are_all_read():
    one = {"id": "w", "status": "sent", "timestamp": "1"}
    body = envelope(("messages", of_number(statuses=[one, one])), ("messages", of_number(statuses=[one])))
    body["entry"] = body["entry"] * 2
    assert len(parse(body)) == 6


def test_what_people_write_is_read():
    text = {"from": "15550001111", "id": "w1", "timestamp": "1", "type": "text", "text": {"body": "STOP"}}
    button = {
        "from": "15550001111",
        "id": "w2",
        "timestamp": "1",
        "type": "button",
        "button": {"payload": "OUT", "text": "Stop promotions"},
        "context": {"id": "wamid.7"},
    }
    anonymous = {
        "from_user_id": "US.1",
        "id": "w3",
        "timestamp": "1",
        "type": "image",
        "image": {"id": "m", "caption": "me"},
    }
    reply = {
        "from": "1555",
        "id": "w4",
        "timestamp": "1",
        "type": "interactive",
        "interactive": {"type": "button_reply", "button_reply": {"id": "x", "title": "Yes"}},
    }
    at = datetime.fromtimestamp(1, UTC)
    assert parse(envelope(("messages", of_number(messages=[text, button, anonymous, reply])))) == [
        InboundEvent("number", "w1", Sender("15550001111"), at, "text", "STOP"),
        InboundEvent("number", "w2", Sender("15550001111"), at, "button", "Stop promotions", "OUT", "wamid.7"),
        InboundEvent("number", "w3", Sender(None, "US.1"), at, "image", "me", details={"mediaId": "m"}),
        InboundEvent("number", "w4", Sender("1555"), at, "interactive", "Yes", "x", details={"reply": "button_reply"}),
    ]


def test_preferences_templates_and_accounts_are_read():
    wish = {"wa_id": "15550001111", "value": "stop", "timestamp": 1731705721, "category": "marketing_messages"}
    template = {
        "event": "PAUSED",
        "message_template_id": 1,
        "message_template_name": "sale",
        "message_template_language": "en-US",
        "reason": None,
    }
    ban = {"event": "DISABLED_UPDATE", "ban_info": {"waba_ban_state": "DISABLE"}}
    events = parse(
        envelope(
            ("user_preferences", of_number(user_preferences=[wish])),
            ("message_template_status_update", template),
            ("account_update", ban),
            ("phone_number_quality_update", {"event": "THROUGHPUT_UPGRADE"}),
            ("something_new", {"event": "X"}),
        )
    )
    assert events[0] == PreferenceEvent("number", Sender("15550001111"), True, datetime.fromtimestamp(1731705721, UTC))
    assert events[1] == TemplateEvent("account", "sale", "en_US", "PAUSED")
    assert isinstance(events[2], AccountEvent)
    assert events[2].stop
    assert events[3] == AccountEvent("account", "THROUGHPUT_UPGRADE")
    assert len(events) == 4


def test_names_and_ids_are_read_from_the_contacts_of_the_change():
    message = {
        "from": "1555",
        "from_user_id": "US.1",
        "id": "w",
        "timestamp": "1",
        "type": "text",
        "text": {"body": "x"},
    }
    contacts = [{"wa_id": "1", "user_id": "US.9"}, {"wa_id": "1555", "user_id": "US.1", "profile": {"name": "Ana"}}]
    (event,) = parse(envelope(("messages", of_number(messages=[message], contacts=contacts))))
    assert isinstance(event, InboundEvent)
    assert (event.sender.wa_id, event.sender.user_id, event.sender.name) == ("1555", "US.1", "Ana")
    only = {**message, "from": None}
    (event,) = parse(envelope(("messages", of_number(messages=[only], contacts=contacts))))
    assert isinstance(event, InboundEvent)
    assert event.sender == Sender("1555", "US.1")
    status = {"id": "w", "status": "sent", "timestamp": "1", "recipient_id": "1555", "recipient_user_id": "US.1"}
    (sent,) = parse(envelope(("messages", of_number(statuses=[status]))))
    assert isinstance(sent, StatusEvent)
    assert sent.recipient == Sender("1555", "US.1")


def test_an_instant_that_is_still_to_come_is_the_one_of_the_arrival():
    later = str(int((NOW + timedelta(days=9)).timestamp()))
    (event,) = parse(envelope(("messages", of_number(statuses=[{"id": "w", "status": "sent", "timestamp": later}]))))
    assert isinstance(event, StatusEvent)
    assert event.at == NOW


GOOD: dict[str, tuple[str, str, dict[str, Any]]] = {
    "statuses": ("messages", "statuses", {"id": "w", "status": "sent", "timestamp": "1"}),
    "messages": ("messages", "messages", {"id": "w", "from": "1", "timestamp": "1", "type": "text"}),
    "user_preferences": ("user_preferences", "user_preferences", {"wa_id": "1", "value": "stop", "timestamp": 1}),
}


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("statuses", {"id": None}),
        ("statuses", {"id": ""}),
        ("statuses", {"status": 5}),
        ("statuses", {"timestamp": "soon"}),
        ("statuses", {"timestamp": "9" * 30}),
        ("statuses", {"timestamp": 1.5}),
        ("messages", {"id": []}),
        ("messages", {"from": None}),
        ("messages", {"from": "²"}),
        ("messages", {"timestamp": None}),
        ("user_preferences", {"value": None}),
        ("user_preferences", {"wa_id": 1}),
    ],
)
def test_an_item_that_lacks_what_it_must_have_is_refused(kind: str, wrong: dict[str, Any]):
    field, list_name, item = GOOD[kind]
    assert len(parse(envelope((field, of_number(**{list_name: [item]}))))) == 1
    with pytest.raises(UnreadableItem):
        parse(envelope((field, of_number(**{list_name: [item | wrong]}))))
    with pytest.raises(UnreadableItem, match="which phone number"):
        parse(envelope((field, {list_name: [item]})))


def test_a_state_that_is_new_to_us_is_no_mistake():
    assert parse(envelope(("messages", of_number(statuses=[{"id": "w", "status": "archived"}])))) == []


@pytest.mark.parametrize("value", [{}, {"event": "PAUSED"}, {"message_template_name": "x", "event": "PAUSED"}])
def test_news_of_a_template_must_name_it(value: dict[str, Any]):
    with pytest.raises(UnreadableItem):
        parse(envelope(("message_template_status_update", value)))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "id",
                    "changes",
                    "field",
                    "value",
                    "metadata",
                    "phone_number_id",
                    "statuses",
                    "status",
                    "timestamp",
                    "messages",
                    "type",
                ]
            )
            | st.sampled_from(["text", "user_preferences", "errors", "context", "from", "interactive"]),
            inner | st.sampled_from(["messages", "sent", "failed", "1"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(st.lists(json_values, max_size=3))
def test_the_parser_takes_any_json(entries: list):
    envelope = (
        webhook.load(orjson.dumps({"entry": entries}, default=str)) if _is_orjson(entries) else {"entry": entries}
    )
    webhook.senders(envelope)
    for item in webhook.items(envelope):
        with contextlib.suppress(UnreadableItem):
            webhook_events.read(item, NOW)
        assert webhook.load(item.alone())


def _is_orjson(value: object) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True
