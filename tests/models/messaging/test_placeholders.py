"""The placeholders of a template, in reading order."""

from typing import Any

import pytest

from models.messaging import placeholders
from models.messaging.placeholders import UnsupportedTemplate, placeholders_of

EVERYTHING: list[dict[str, Any]] = [
    {"type": "HEADER", "format": "TEXT", "text": "Hi {{1}}"},
    {"type": "BODY", "text": "{{2}}, {{1}} and again {{ 2 }}"},
    {"type": "FOOTER", "text": "{{never}}"},
    {
        "type": "BUTTONS",
        "buttons": [
            {"type": "URL", "url": "https://a.example/fixed"},
            {"type": "URL", "url": "https://a.example/{{1}}"},
            {"type": "QUICK_REPLY"},
            {"type": "COPY_CODE"},
            {"type": "PHONE_NUMBER"},
        ],
    },
]


def test_each_placeholder_is_named_once_by_its_part():
    names = [one.name for one in placeholders_of(EVERYTHING)]
    assert names == ["header.1", "1", "2", "button.1", "button.2.payload", "button.3.code"]


def test_positional_placeholders_are_sorted_and_named_ones_keep_their_order():
    body = [{"type": "BODY", "text": "{{b}} {{a}}"}]
    assert [one.name for one in placeholders_of(body, "NAMED")] == ["b", "a"]
    assert [one.name for one in placeholders_of([{"type": "BODY", "text": "{{10}} {{2}}"}])] == ["2", "10"]


def test_a_placeholder_of_the_header_has_its_own_name_in_the_template():
    (header,) = placeholders_of([{"type": "HEADER", "text": "{{city}}"}], "NAMED")
    assert (header.name, header.own_name, header.named) == ("header.city", "city", True)


@pytest.mark.parametrize(
    ("component", "part"),
    [
        ({"type": "HEADER", "format": "LOCATION"}, "a header of the format LOCATION"),
        ({"type": "CAROUSEL"}, "a part of the type CAROUSEL"),
        ({}, r"a part of the type \(none\)"),
        ({"type": "BUTTONS", "buttons": [{"type": "FLOW"}]}, "a button of the type FLOW"),
    ],
)
def test_a_part_that_cannot_be_filled_is_named(component: dict, part: str):
    with pytest.raises(UnsupportedTemplate, match=part):
        placeholders_of([component])


def test_placeholders_survive_json():
    found = placeholders_of(EVERYTHING)
    assert placeholders.from_json(placeholders.to_json(found)) == found
