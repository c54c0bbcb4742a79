"""Completions of rules, and kinds of activity, with the data of a workspace."""

from datetime import UTC, datetime

import pytest

from models.contacts import activities
from models.contacts.activities import NewActivity
from models.contacts.create import create_contact
from models.segments import segments
from models.segments.segments import SegmentKind
from permissions.capabilities import Permission
from tests.kit.api import bearer_of, token_with

COMPLETE = """
query ($q: String!, $at: Int!) {
  ruleQueryCompletions(query: $q, cursor: $at) { kind label detail insert start end }
}
"""
KINDS = "{ activityKinds { kind lastOccurredAt properties { property types } } }"
VALUES = """
query ($kind: String!, $property: String!, $prefix: String) {
  activityValueSuggestions(kind: $kind, property: $property, prefix: $prefix)
}
"""


@pytest.fixture
async def shop(scope):
    contact = await create_contact(scope, {"name": "Ana", "tags": ["vip", "Botox"]})
    await segments.create(scope, SegmentKind.STATIC, name="It's VIP")
    await segments.create(scope, SegmentKind.STATIC, name="Vienna")
    bought = [
        ("purchase", {"total": 5, "city": "Madrid", "items": ["a", "b"]}),
        ("purchase", {"total": 7.5, "city": "madrid", "items": ["a"], "gift": True}),
        ("purchase", {"total": "free", "city": "Lyon", "none": None}),
        ("product.visit", {}),
        ("2fa", {"a b": "x"}),
    ]
    at = datetime(2026, 11, 1, tzinfo=UTC)
    await activities.record(
        scope, [NewActivity(contact_id=contact["id"], kind=kind, occurred_at=at, properties=p) for kind, p in bought]
    )
    return scope


async def completed(api, bearer, text):
    told = await api.data(bearer, COMPLETE, q=text, at=len(text))
    return [(one["kind"], one["insert"], one["start"], one["end"]) for one in told["ruleQueryCompletions"]]


async def test_the_data_of_the_workspace_completes_a_rule(api, shop):
    bearer = await bearer_of(shop)
    assert await completed(api, bearer, "name = 'an") == [("VALUE", "'Ana'", 7, 10)]
    assert await completed(api, bearer, "tagged any (") == [("TAG", "'Botox'", 12, 12), ("TAG", "'vip'", 12, 12)]
    assert await completed(api, bearer, "in segment 'it") == [("SEGMENT", "'It''s VIP'", 11, 14)]
    assert await completed(api, bearer, "count(") == [
        ("ACTIVITY_KIND", "'2fa'", 6, 6),
        ("ACTIVITY_KIND", "product.visit", 6, 6),
        ("ACTIVITY_KIND", "purchase", 6, 6),
    ]
    assert await completed(api, bearer, "count(PUR") == [("ACTIVITY_KIND", "purchase", 6, 9)]
    assert await completed(api, bearer, "sum(purchase, t") == [("PROPERTY", "total", 14, 15)]
    assert await completed(api, bearer, "count('2fa' where ") == [("PROPERTY", "'a b'", 18, 18)]
    assert [one[1] for one in await completed(api, bearer, "count(purchase where city = ")] == ["'Madrid'", "'Lyon'"]
    assert [one[1] for one in await completed(api, bearer, "count(purchase where total > ")] == ["5", "7.5", "'free'"]


async def test_values_are_only_for_those_who_may_read_contacts(api, shop):
    bearer = await token_with(shop, Permission.SEGMENT_READ)
    assert await completed(api, bearer, "name = 'an") == []
    assert await completed(api, bearer, "tagged any ('v") == []
    assert [one[1] for one in await completed(api, bearer, "in segment 'v")] == ["'Vienna'"]


async def test_a_cursor_beyond_the_text_is_refused(api, shop):
    bearer = await bearer_of(shop)
    for cursor in (-1, 2):
        assert await api.codes(bearer, COMPLETE, q="a", at=cursor) == ["BAD_REQUEST"]


async def test_kinds_of_activity_have_their_properties_and_types(api, shop):
    told = await api.data(await bearer_of(shop), KINDS)
    assert [one["kind"] for one in told["activityKinds"]] == ["2fa", "product.visit", "purchase"]
    purchase = told["activityKinds"][2]
    assert purchase["lastOccurredAt"] == "2026-11-01T00:00:00Z"
    assert purchase["properties"] == [
        {"property": "city", "types": ["TEXT"]},
        {"property": "total", "types": ["NUMBER", "TEXT"]},
        {"property": "items", "types": ["TEXT"]},
        {"property": "gift", "types": ["BOOLEAN"]},
        {"property": "none", "types": []},
    ]


@pytest.mark.parametrize(
    ("name", "prefix", "values"),
    [
        ("city", "", ["Madrid", "Lyon"]),
        ("city", "LY", ["Lyon"]),
        ("items", "", ["a", "b"]),
        ("total", "", [5, 7.5, "free"]),
        ("total", "7", [7.5]),
        ("gift", "t", [True]),
        ("none", "", []),
        ("city", "%", []),
        ("a\0", "\0", []),
    ],
)
async def test_values_of_properties_are_suggested_the_most_frequent_first(api, shop, name, prefix, values):
    told = await api.data(await bearer_of(shop), VALUES, kind="purchase", property=name, prefix=prefix)
    assert told["activityValueSuggestions"] == values
