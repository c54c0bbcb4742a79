"""Template messages have the shape that the API takes."""

import orjson

from models.messaging.placeholders import Placeholder, placeholders_of
from workers.providers.whatsapp.messages import Template, template_message


def components(slots: list[Placeholder], values: list[str | None]) -> list[dict]:
    body = template_message(Template("spring_sale", "en_US", tuple(slots)), "+15550001111", values, "muster:7")
    message = orjson.loads(body)
    assert message["to"] == "+15550001111"
    assert message["biz_opaque_callback_data"] == "muster:7"
    assert message["template"]["language"] == {"code": "en_US"}
    return message["template"]["components"]


def test_text_parameters_go_in_order():
    slots = placeholders_of([{"type": "BODY", "text": "Hi {{2}}, {{1}}"}])
    assert components(slots, ["first", "second"]) == [
        {"type": "body", "parameters": [{"type": "text", "text": "first"}, {"type": "text", "text": "second"}]}
    ]


def test_named_parameters_carry_their_name():
    slots = placeholders_of(
        [{"type": "HEADER", "format": "TEXT", "text": "{{shop}}"}, {"type": "BODY", "text": "Hi {{name}}"}], "NAMED"
    )
    assert [slot.name for slot in slots] == ["header.shop", "name"]
    assert components(slots, ["Ours", "Ada"]) == [
        {"type": "header", "parameters": [{"type": "text", "parameter_name": "shop", "text": "Ours"}]},
        {"type": "body", "parameters": [{"type": "text", "parameter_name": "name", "text": "Ada"}]},
    ]


def test_a_media_header_takes_a_link_or_an_id():
    slots = placeholders_of([{"type": "HEADER", "format": "IMAGE"}])
    assert components(slots, ["https://a.example/b.png"])[0]["parameters"] == [
        {"type": "image", "image": {"link": "https://a.example/b.png"}}
    ]
    assert components(slots, ["1037543291543636"])[0]["parameters"] == [
        {"type": "image", "image": {"id": "1037543291543636"}}
    ]


def test_buttons_are_named_by_index_and_a_quick_reply_is_optional():
    slots = placeholders_of(
        [
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Stop"},
                    {"type": "URL", "url": "https://a.example/{{1}}"},
                    {"type": "PHONE_NUMBER", "text": "Call"},
                    {"type": "COPY_CODE"},
                ],
            }
        ]
    )
    assert [(slot.name, slot.required) for slot in slots] == [
        ("button.0.payload", False),
        ("button.1", True),
        ("button.3.code", True),
    ]
    assert components(slots, [None, "a b/ü?c=1", "SAVE"]) == [
        {
            "type": "button",
            "sub_type": "url",
            "index": "1",
            "parameters": [{"type": "text", "text": "a%20b/%C3%BC?c=1"}],
        },
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": "3",
            "parameters": [{"type": "coupon_code", "coupon_code": "SAVE"}],
        },
    ]
    assert components(slots, ["OUT", "x", "y"])[0]["parameters"] == [{"type": "payload", "payload": "OUT"}]
