"""Rules previewed, and memberships explained."""

import pytest

from models import db
from models.contacts import activities
from models.contacts.activities import NewActivity
from models.contacts.create import create_contact
from permissions.capabilities import Permission
from schema.server.ids import to_global_id
from tests.kit.api import bearer_of, token_with
from tests.kit.segments import new_contacts
from tests.schema.rules.operations import IS_SET, PREVIEW, field

EXPLAIN = """query ($segment: ID!, $contact: ID!) { segmentExplain(segmentId: $segment, contactId: $contact) {
    member override since rule { holds text actual children { holds text actual children { holds } } } } }"""


async def test_a_preview_counts_exactly_and_shows_some(api, scope):
    for number in range(12):
        await create_contact(scope, {"name": f"Ana {number:02}", "score": number})
    told = await api.data(await bearer_of(scope), PREVIEW, rule={"not": field("score", "LT", 1)})
    assert told["segmentPreview"]["count"] == 11
    assert [contact["name"] for contact in told["segmentPreview"]["contacts"]] == [f"Ana {n:02}" for n in range(1, 11)]
    assert told["segmentPreview"]["ruleText"] == "not (score is less than 1)"


@pytest.mark.parametrize(("first", "shown"), [(1, 1), (250, 3), (None, 3), (0, None), (-1, None), (251, None)])
async def test_a_preview_shows_as_many_contacts_as_asked_within_bounds(api, scope, first, shown):
    for _ in range(3):
        await create_contact(scope, {"name": "Ana"})
    query = "query ($first: Int, $rule: RuleInput!) { segmentPreview(rule: $rule, first: $first) { count contacts { id } } }"
    answer = await api.ask(await bearer_of(scope), query, first=first, rule={"field": IS_SET})
    if shown is None:
        assert [error["extensions"]["field"] for error in answer["errors"]] == [["first"]]
    else:
        assert (answer["data"]["segmentPreview"]["count"], len(answer["data"]["segmentPreview"]["contacts"])) == (
            3,
            shown,
        )


async def test_a_preview_warns_of_what_was_never_recorded(api, scope):
    (contact,) = await new_contacts(scope, 1)
    await activities.record(scope, [NewActivity("order.placed", contact)])
    query = "query ($rule: RuleInput!) { segmentPreview(rule: $rule) { count warnings { path message } } }"
    rule = {"activity": {"kind": "order.plcaed", "operator": "EQUALS", "value": 0}}
    told = (await api.data(await bearer_of(scope), query, rule=rule))["segmentPreview"]
    assert told == {
        "count": 1,
        "warnings": [
            {
                "path": ["rule", "activity", "kind"],
                "message": 'no activity "order.plcaed" was ever recorded: did you mean "order.placed"?',
            }
        ],
    }


async def test_contacts_are_shown_only_to_those_who_may_read_them(api, scope):
    token = await token_with(scope, Permission.SEGMENT_READ)
    rule = field("name", "IS_SET")
    assert await api.codes(token, PREVIEW, rule=rule) == ["FORBIDDEN"]
    counted = "query ($rule: RuleInput!) { segmentPreview(rule: $rule) { count } }"
    assert (await api.data(token, counted, rule=rule))["segmentPreview"] == {"count": 0}
    assert await api.codes(token, EXPLAIN, segment=to_global_id("Segment", 1), contact=to_global_id("Contact", 1)) == [
        "FORBIDDEN"
    ]
    held = "query ($s: ID!, $c: ID!) { segmentExplain(segmentId: $s, contactId: $c) { rule { holds } } }"
    assert await api.codes(token, held, s=to_global_id("Segment", 1), c=to_global_id("Contact", 1)) == ["BAD_REQUEST"]
    assert await api.codes(token, '{ ruleValueSuggestions(field: "email") }') == ["FORBIDDEN"]
    assert await api.codes(await token_with(scope, Permission.CONTACT_READ), PREVIEW, rule=rule) == ["FORBIDDEN"]


async def test_a_membership_is_explained(api, scope):
    contact = await create_contact(scope, {"name": "Ana", "score": 3})
    rule = {"all": [field("score", "GT", 2), field("name", "EQUALS", "bea")]}
    number = await db.fetch_value(
        "INSERT INTO segments (workspace_id, name, kind, rule) VALUES ($1, 'Some', 'DYNAMIC', $2) RETURNING id",
        scope.workspace_id,
        db.dump_json(rule),
    )
    told = await api.data(
        await bearer_of(scope),
        EXPLAIN,
        segment=to_global_id("Segment", number),
        contact=to_global_id("Contact", contact["id"]),
    )
    assert told["segmentExplain"] == {
        "member": False,
        "override": None,
        "since": None,
        "rule": {
            "holds": False,
            "text": 'score is more than 2 and name is "bea"',
            "actual": None,
            "children": [
                {"holds": True, "text": "score is more than 2", "actual": 3, "children": []},
                {"holds": False, "text": 'name is "bea"', "actual": "Ana", "children": []},
            ],
        },
    }
