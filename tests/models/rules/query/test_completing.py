"""What is offered at a place of a text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.check import check
from models.rules.query.completing import MOST, complete
from models.rules.query.position import find_position
from tests.kit.drawn_rules import CATALOGUE, rules
from tests.kit.queries import printed


def offered(text, cursor=None):
    found, _ = complete(text, len(text) if cursor is None else cursor, CATALOGUE)
    return [one.insert for one in found]


def looked_up(text):
    _, lookup = complete(text, len(text), CATALOGUE)
    return lookup and (
        lookup.kind,
        lookup.prefix,
        lookup.field.key if lookup.field else lookup.name or lookup.activity_kind,
    )


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (
            "",
            [
                "external_id",
                "name",
                "first_name",
                "last_name",
                "email",
                "tagged any (",
                "in segment",
                "count(",
                "last(",
            ],
        ),
        ("subscr", ["subscribed_at"]),
        ("score = 1 and LAST_I", ["last_interaction_at"]),
        ("name i", ["in (", "is set", "is not set", "not in ("]),
        ("name is n", ["is not set"]),
        ("score >", [">", ">="]),
        ("score >= 1 ", ["and", "or"]),
        ("created_at ", ["within last", "more than", "within next", "between"]),
        ("created_at within last 30 d", ["30 days"]),
        ("created_at more than 30 days a", ["ago", "ahead"]),
        ("whatsapp_consent = 'opted", ["'OPTED_IN'", "'OPTED_OUT'"]),
        ("whatsapp_consent in ('UNKNOWN', ", ["'UNKNOWN'", "'OPTED_IN'", "'OPTED_OUT'"]),
        ("tagged ", ["tagged any (", "tagged all (", "tagged none ("]),
        ("count(purchase ", [")", "where"]),
        ("count(purchase) within l", ["within last"]),
        ("last(purchase) ", ["within last", "more than", "within next"]),
        ("nonsense here and ", []),
    ],
)
def test_what_fits_is_offered_the_likely_first(text, first):
    assert offered(text)[: len(first)] == first if first else offered(text) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("name = 'a", ("VALUE", "a", "name")),
        ("tagged any ('b', 'v", ("TAG", "v", "")),
        ("in segment 'V", ("SEGMENT", "V", "")),
        ("count(pur", ("ACTIVITY_KIND", "pur", "")),
        ("count(purchase where t", ("PROPERTY", "t", "purchase")),
        ("sum(purchase, ", ("PROPERTY", "", "purchase")),
        ("count(purchase where city in ('x', ", ("VALUE", "", "city")),
        ("score > ", None),
        ("count(purchase) > ", None),
    ],
)
def test_what_only_the_data_knows_is_looked_up(text, found):
    assert looked_up(text) == found


def test_the_rest_of_a_word_and_a_closing_quote_are_replaced():
    (field,), _ = complete("subscri = 1", 3, CATALOGUE)
    assert (field.start, field.end) == (0, 7)
    (choice, *_), _ = complete("whatsapp_consent = 'op'", 22, CATALOGUE)
    assert (choice.start, choice.end) == (19, 23)


@given(rules, st.floats(0, 1))
def test_what_is_offered_may_be_written_there(rule, place):
    text = printed(check(rule, CATALOGUE), CATALOGUE)
    cursor = int(place * len(text))
    found, _ = complete(text, cursor, CATALOGUE)
    assert len(found) <= MOST
    for one in found:
        assert one.start <= cursor <= one.end
        written = text[: one.start] + one.insert
        assert find_position(written).at == len(written), written
