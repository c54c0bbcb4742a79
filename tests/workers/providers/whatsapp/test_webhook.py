"""Signatures are checked on raw bytes, bodies are read with what cannot be stored replaced, and taken apart into items."""

from typing import Any

import pytest

from tests.kit.webhooks import METADATA, envelope, of_number
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


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"nonsense", b'{"entry": 3}'])
def test_what_is_no_webhook_is_refused(body: bytes):
    with pytest.raises(webhook.UnreadableWebhook):
        webhook.load(body)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb"a\u0000b", "a\ufffdb"),
        (rb"a\ud83d", "a\ufffd"),
        (rb"\udc00\ud83d\ude00", "\ufffd😀"),
        (rb"\\u0000 \\\u0000", "\\u0000 \\\ufffd"),
        (b"\xff", "\ufffd"),
        (b"\x00\x01", "\ufffd\x01"),
        ("ä😀".encode(), "ä😀"),
    ],
)
def test_what_cannot_be_stored_is_replaced(written: bytes, read: str):
    body = b'{"entry": [], "x": "' + written + b'", "n": ' + b"9" * 5000 + b"}"
    assert webhook.load(body.replace(b"9" * 5000, b"9"))["x"] == read
    assert webhook.load(body)["x"] == read, "numbers of any length are read"


def test_ids_are_found_in_a_body_that_is_no_json():
    assert webhook.possible_senders(b'{"entry": [{"id": "123", "phone_number_id" : 456, "id": "x"') == {"123", "456"}
    assert webhook.possible_senders(b"nonsense") == frozenset()


def test_a_webhook_is_taken_apart_and_each_item_is_a_webhook_of_its_own():
    given = envelope(
        ("messages", of_number(statuses=[{"id": "s"}], messages=[{"id": "m1"}, 7], contacts=[{"wa_id": "1"}])),
        ("account_update", {"event": "X"}),
        ("messages", of_number(statuses={"no": "list"})),
    )
    given["entry"] += [5, {"id": "account", "changes": ["odd"]}, {"id": "account", "changes": None}]
    items = list(webhook.items(given))
    kinds = ["statuses", "messages", "messages", "account_update", "list", "entry", "change", "entry"]
    assert [item.kind for item in items] == kinds
    for item in items:
        (again,) = webhook.items(webhook.load(item.alone()))
        assert (again.kind, again.raw, again.account_id) == (item.kind, item.raw, item.account_id)
    alone = webhook.load(items[1].alone())["entry"][0]["changes"][0]["value"]
    assert alone == of_number(messages=[{"id": "m1"}], contacts=[{"wa_id": "1"}])
    assert {item.number_id for item in items[:3]} == {METADATA["phone_number_id"]}


def test_an_item_that_is_nested_too_deeply_is_named_so():
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    (item,) = webhook.items(envelope(("messages", of_number(statuses=[deep]))))
    assert b"too deeply" in item.alone()
    for _ in range(100_000):
        deep = deep[0]
