"""What inbound messages hold, by their type."""

from typing import Any

import pytest

from workers.providers.whatsapp.message_content import Content, content_of

VCARD = {"name": {"formatted_name": "Ana"}, "phones": [{"phone": "+34 600"}, {"wa_id": "34600"}]}
ORDER = {
    "catalog_id": "c",
    "text": "soon, please",
    "product_items": [
        {"product_retailer_id": "sku1", "quantity": 2, "item_price": 1.25, "currency": "EUR"},
        {"product_retailer_id": "sku2", "quantity": 1, "item_price": 10, "currency": "EUR"},
    ],
}
FORM = {"type": "nfm_reply", "nfm_reply": {"name": "flow", "body": "Sent", "response_json": '{"a": 1}'}}
LIST = {"type": "list_reply", "list_reply": {"id": "l", "title": "Big", "description": "two metres"}}


@pytest.mark.parametrize(
    ("message", "content"),
    [
        ({"type": "text", "text": {"body": "Hi"}}, Content("text", "Hi")),
        ({"type": "text", "text": {"body": "Hi"}, "context": {"id": "w"}}, Content("text", "Hi", answers="w")),
        (
            {"type": "text", "text": {"body": "Hi"}, "referral": {"source_id": "ad", "headline": "x"}},
            Content("text", "Hi", details={"referralId": "ad"}),
        ),
        ({"type": "button", "button": {"text": "Stop", "payload": "P"}}, Content("button", "Stop", "P")),
        (
            {"type": "interactive", "interactive": LIST},
            Content("interactive", "Big", "l", details={"reply": "list_reply", "description": "two metres"}),
        ),
        (
            {"type": "interactive", "interactive": FORM},
            Content("interactive", "Sent", details={"reply": "nfm_reply", "form": '{"a": 1}'}),
        ),
        (
            {"type": "document", "document": {"id": "m", "mime_type": "a/b", "filename": "f", "caption": "c"}},
            Content("document", "c", details={"mediaId": "m", "mimeType": "a/b", "filename": "f"}),
        ),
        (
            {"type": "location", "location": {"latitude": 1.5, "longitude": -2, "name": "Here", "address": 5}},
            Content("location", details={"latitude": 1.5, "longitude": -2, "name": "Here"}),
        ),
        (
            {"type": "contacts", "contacts": [VCARD, 7]},
            Content("contacts", details={"names": ["Ana"], "phones": ["+34 600"]}),
        ),
        (
            {"type": "order", "order": ORDER},
            Content(
                "order",
                "soon, please",
                details={"catalogId": "c", "items": ["sku1", "sku2"], "quantity": 3, "total": 12.5, "currency": "EUR"},
            ),
        ),
        (
            {"type": "reaction", "reaction": {"message_id": "w", "emoji": "👍"}},
            Content("reaction", answers="w", details={"emoji": "👍", "messageId": "w"}),
        ),
        (
            {"type": "reaction", "reaction": {"message_id": "w"}},
            Content("reaction", answers="w", details={"messageId": "w"}),
        ),
        (
            {
                "type": "edit",
                "edit": {"original_message_id": "w", "message": {"type": "text", "text": {"body": "STOP"}}},
            },
            Content("edit", "STOP", details={"messageId": "w"}),
        ),
        ({"type": "revoke", "revoke": {"original_message_id": "w"}}, Content("revoke", details={"messageId": "w"})),
        (
            {"type": "unsupported", "errors": [{"code": 131051, "title": "t", "error_data": {"details": "a poll"}}]},
            Content("unsupported", details={"errorCode": 131051, "reason": "a poll"}),
        ),
        (
            {"type": "system", "system": {"type": "user_changed_number", "body": "A to B", "new_wa_id": "34601"}},
            Content("system", details={"news": "user_changed_number", "said": "A to B"}, new_wa_id="34601"),
        ),
        (
            {"from": "34600", "type": "system", "system": {"type": "user_changed_number", "wa_id": "34601"}},
            Content("system", details={"news": "user_changed_number"}, new_wa_id="34601"),
        ),
        (
            {"from": "34600", "type": "system", "system": {"type": "user_changed_number", "wa_id": "34600"}},
            Content("system", details={"news": "user_changed_number"}),
        ),
        (
            {"type": "system", "system": {"type": "customer_identity_changed"}},
            Content("system", details={"news": "customer_identity_changed"}),
        ),
        ({"type": "poll", "poll": {"id": "p"}}, Content("poll", details={"mediaId": "p"})),
        ({}, Content("unknown")),
    ],
)
def test_a_message_is_read_by_its_type(message: dict[str, Any], content: Content):
    assert content_of(message) == content


@pytest.mark.parametrize(
    "kind", ["text", "button", "interactive", "image", "location", "contacts", "order", "reaction"]
)
@pytest.mark.parametrize(
    "odd", [None, 5, "x", [], ["x"], {}, {"body": 5, "type": [], "product_items": [{"quantity": "2"}]}]
)
def test_what_has_another_shape_is_left_out(kind: str, odd: Any):
    assert content_of({"type": kind, kind: odd}).text is None
