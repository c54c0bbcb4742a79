"""The type of a response, by the Accept header."""

import pytest

from schema.server.transports.accept import EVENTS, JSON, RESPONSE, chosen


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, JSON),
        (" ", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("text/*", EVENTS),
        (EVENTS, EVENTS),
        (f"{JSON};q=0.5, {RESPONSE}", RESPONSE),
        (f"{JSON}, {RESPONSE}", JSON),
        (f"{RESPONSE}, {JSON}", RESPONSE),
        (f"{RESPONSE};q=0, {EVENTS};q=0.1", EVENTS),
        (f"{RESPONSE.upper()} ; charset=utf-8", RESPONSE),
        ("image/png", None),
        (f"{JSON};q=many", None),
    ],
)
def test_the_preferred_offered_type_is_chosen(accept: str | None, kind: str | None) -> None:
    assert chosen(accept) == kind
