"""Signatures are checked on raw bytes, and any JSON is parsed."""

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.messaging.policy import Answer, Reach, stop_reach
from models.messaging.provider_events import (
    AccountEvent,
    InboundEvent,
    PreferenceEvent,
    Receipt,
    StatusEvent,
    TemplateEvent,
)
from workers.providers.whatsapp import webhook

VECTORS = [
    (
        b'{"object":"whatsapp_business_account","entry":[]}',
        "dec6a680679a968e7e0319355b23599cbfc54502c0784668e9618baa0c633756",
    ),
    (
        b'{"object": "whatsapp_business_account", "entry": []}',
        "56cbbaf4961c6cfdae48b7f116c047e5eb513d2c931baae63a2bc1afd26f803a",
    ),
    (rb'{"a":"\u00e4\u00f6\u00e5"}', "f9c2d04683faad944fa1bd4137c54dc350a84e90daea48d3d340deabd7840c44"),
    ('{"a":"äöå"}'.encode(), "0e1be5a904dca013844c8d55cc1bfc60318ee3f8a80687c098e41a2eb40ffd49"),
]


@pytest.mark.parametrize(("body", "digest"), VECTORS)
def test_the_signature_is_over_the_raw_bytes(body: bytes, digest: str):
    assert webhook.is_signed("test_app_secret", body, f"sha256={digest}")
    assert not webhook.is_signed("another secret", body, f"sha256={digest}")
    assert not webhook.is_signed("test_app_secret", body + b" ", f"sha256={digest}")


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha1=abc", "ä", "dec6a680"])
def test_a_missing_or_odd_signature_is_none(header: str | None):
    assert not webhook.is_signed("test_app_secret", VECTORS[0][0], header)


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
    assert webhook.parse(envelope(("messages", of_number(statuses=[failed, read])))) == [
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
        (event,) = webhook.parse(envelope(("messages", of_number(statuses=[status]))))
        assert isinstance(event, StatusEvent)
        return stop_reach(event.answer)

    assert reach(131031) is Reach.ACCOUNT
    assert reach(132015) is Reach.TEMPLATE
    assert reach(131026) is None


def test_many_entries_changes_and_statuses_are_all_read():
    one = {"id": "w", "status": "sent", "timestamp": "1"}
    body = envelope(("messages", of_number(statuses=[one, one])), ("messages", of_number(statuses=[one])))
    body["entry"] = body["entry"] * 2
    assert len(webhook.parse(body)) == 6


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
    assert webhook.parse(envelope(("messages", of_number(messages=[text, button, anonymous, reply])))) == [
        InboundEvent("number", "w1", "15550001111", at, "text", "STOP"),
        InboundEvent("number", "w2", "15550001111", at, "button", "Stop promotions", "OUT", "wamid.7"),
        InboundEvent("number", "w3", None, at, "image", "me"),
        InboundEvent("number", "w4", "1555", at, "interactive", "Yes", "x"),
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
    events = webhook.parse(
        envelope(
            ("user_preferences", of_number(user_preferences=[wish])),
            ("message_template_status_update", template),
            ("account_update", ban),
            ("phone_number_quality_update", {"event": "THROUGHPUT_UPGRADE"}),
            ("something_new", {"event": "X"}),
        )
    )
    assert events[0] == PreferenceEvent("number", "15550001111", True, datetime.fromtimestamp(1731705721, UTC))
    assert events[1] == TemplateEvent("account", "sale", "en_US", "PAUSED")
    assert isinstance(events[2], AccountEvent)
    assert events[2].stop
    assert events[3] == AccountEvent("account", "THROUGHPUT_UPGRADE")
    assert len(events) == 4


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"nonsense", b'{"entry": 3}'])
def test_what_is_no_webhook_is_refused(body: bytes):
    with pytest.raises(webhook.UnreadableWebhook):
        webhook.load(body)


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
    webhook.parse(envelope)


def _is_orjson(value: object) -> bool:
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True
