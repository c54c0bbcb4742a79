"""Rules as text, through the API."""

import pytest

from models.contacts import fields as contact_fields
from models.contacts.create import create_contact
from models.rules.tree import FieldType
from models.segments import segments
from models.segments.segments import SegmentKind
from permissions.capabilities import Permission
from schema.server.ids import to_global_id
from tests.kit.api import bearer_of, token_with

FROM = """
query ($q: String!) {
  ruleFromQuery(query: $q) {
    rule query errors { code message start end line column expected replacement path }
  }
}
"""
TO = "query ($rule: RuleInput!) { ruleToQuery(rule: $rule) }"
CREATE = """
mutation ($input: SegmentCreateInput!) {
  segmentCreate(input: $input) { segment { id rule ruleQuery ruleText } userErrors { code field message } }
}
"""
UPDATE = """
mutation ($id: ID!, $input: SegmentUpdateInput!) {
  segmentUpdate(id: $id, input: $input) { segment { ruleQuery } userErrors { code field message } }
}
"""
PREVIEW = "query ($q: String) { segmentPreview(ruleQuery: $q) { count contacts { name } } }"
CONTACTS = "query ($q: String) { contacts(ruleQuery: $q) { nodes { name } totalCount } }"
COPY = """
mutation ($id: ID!, $q: String) {
  segmentContactsAdd(segmentId: $id, contacts: {ruleQuery: $q}) { changed userErrors { field message } }
}
"""


@pytest.fixture
async def made(api, scope):
    await contact_fields.create(scope, key="city", label="City", kind=FieldType.TEXT)
    for name, city in (("Ana", "Madrid"), ("Bea", "Lyon")):
        await create_contact(scope, {"name": name, "attributes": {"city": city}})
    return await segments.create(scope, SegmentKind.STATIC, name="VIP")


async def test_a_text_is_read_and_written_back(api, scope, made):
    bearer = await bearer_of(scope)
    text = "CITY = 'Madrid' and not (tagged 'botox' or last_interaction_at more than 30 days ago) and in segment 'vip'"
    told = (await api.data(bearer, FROM, q=text))["ruleFromQuery"]
    assert told["errors"] == []
    assert told["query"] == (
        "city = 'Madrid'\nand not (tagged any ('botox') or last_interaction_at more than 30 days ago)\nand in segment 'VIP'"
    )
    vip = to_global_id("Segment", made.segment.id)
    assert told["rule"]["all"][2] == {"segment": {"segmentId": vip, "member": True}}
    assert (await api.data(bearer, TO, rule=told["rule"]))["ruleToQuery"] == told["query"]


async def test_what_is_wrong_has_its_place(api, scope, made):
    told = (await api.data(await bearer_of(scope), FROM, q="score > 1\n && in segment 'VPI'"))["ruleFromQuery"]
    assert told["rule"] is None
    assert [(one["code"], one["line"], one["column"], one["replacement"]) for one in told["errors"]] == [
        ("UNEXPECTED_TOKEN", 2, 2, "and"),
        ("UNKNOWN_SEGMENT", 2, 16, None),
    ]
    near = (await api.data(await bearer_of(scope), FROM, q="in segment 'VIPs'"))["ruleFromQuery"]["errors"]
    assert [(one["message"], one["replacement"]) for one in near] == [
        ("there is no segment 'VIPs': did you mean 'VIP'?", "'VIP'")
    ]
    assert told["errors"][1]["path"] == ["rule", "all", "1", "segment", "segmentId"]


async def test_segments_are_written_by_name_and_kept_by_id(api, scope, made):
    bearer = await bearer_of(scope)
    given = {"name": "In it", "kind": "DYNAMIC", "ruleQuery": "in segment 'VIP'"}
    created = (await api.data(bearer, CREATE, input=given))["segmentCreate"]
    assert created["userErrors"] == []
    await segments.update(scope, made.segment.id, {"name": "Very important"})
    read = "query ($id: ID!) { segment(id: $id) { ruleQuery } }"
    own_id = created["segment"]["id"]
    assert (await api.data(bearer, read, id=own_id))["segment"]["ruleQuery"] == "in segment 'Very important'"
    await segments.create(scope, SegmentKind.STATIC, name="Very important")
    vip = to_global_id("Segment", made.segment.id)
    by_id = f"in segment id '{vip}'"
    assert (await api.data(bearer, read, id=own_id))["segment"]["ruleQuery"] == by_id
    told = (await api.data(bearer, FROM, q="in segment 'Very important'"))["ruleFromQuery"]
    assert [one["code"] for one in told["errors"]] == ["UNKNOWN_SEGMENT"]
    assert (await api.data(bearer, FROM, q=by_id))["ruleFromQuery"]["query"] == by_id
    await segments.delete(scope, made.segment.id, force=True)
    assert (await api.data(bearer, read, id=own_id))["segment"]["ruleQuery"] == by_id


async def test_a_text_is_taken_wherever_a_rule_is(api, scope, made):
    bearer = await bearer_of(scope)
    text = "city = 'madrid'"
    assert (await api.data(bearer, PREVIEW, q=text))["segmentPreview"] == {"count": 1, "contacts": [{"name": "Ana"}]}
    assert (await api.data(bearer, CONTACTS, q=text))["contacts"] == {"nodes": [{"name": "Ana"}], "totalCount": 1}
    vip = to_global_id("Segment", made.segment.id)
    assert (await api.data(bearer, COPY, id=vip, q=text))["segmentContactsAdd"] == {"changed": 1, "userErrors": []}


async def test_mistakes_in_a_text_are_user_errors_with_their_place(api, scope, made):
    bearer = await bearer_of(scope)
    given = {"name": "No", "kind": "DYNAMIC", "ruleQuery": "city = 'x' and\ncount(purchase) > 3"}
    (error,) = (await api.data(bearer, CREATE, input=given))["segmentCreate"]["userErrors"]
    assert (error["code"], error["field"]) == ("UNSUPPORTED", ["ruleQuery"])
    assert error["message"].startswith("line 2, column 1: a DYNAMIC segment has no conditions on activities")
    (error,) = (await api.data(bearer, CREATE, input=given | {"ruleQuery": "citty = 'x'"}))["segmentCreate"][
        "userErrors"
    ]
    assert error["message"] == 'line 1, column 1: there is no field "citty": did you mean city?'
    (error,) = (await api.data(bearer, COPY, id="x", q="city ="))["segmentContactsAdd"]["userErrors"]
    assert error["field"] in (["segmentId"], ["contacts", "ruleQuery"])
    both = given | {"ruleQuery": "city = 'x'", "rule": {"tags": {"operator": "HAS_ANY", "tags": ["a"]}}}
    (error,) = (await api.data(bearer, CREATE, input=both))["segmentCreate"]["userErrors"]
    assert error["message"] == "give `rule` or `ruleQuery`, not both"


async def test_a_cycle_is_refused_at_the_segment_that_closes_it(api, scope, made):
    bearer = await bearer_of(scope)
    first = (await api.data(bearer, CREATE, input={"name": "A", "kind": "DYNAMIC", "ruleQuery": "score > 1"}))[
        "segmentCreate"
    ]
    await api.data(bearer, CREATE, input={"name": "B", "kind": "DYNAMIC", "ruleQuery": "in segment 'A'"})
    told = await api.data(bearer, UPDATE, id=first["segment"]["id"], input={"ruleQuery": "score > 2 or in segment 'B'"})
    (error,) = told["segmentUpdate"]["userErrors"]
    assert error["message"] == "line 1, column 25: a segment cannot depend on itself: A -> B -> A"


async def test_names_of_segments_are_only_for_those_who_may_read_them(api, scope, made):
    bearer = await token_with(scope, Permission.CONTACT_READ)
    answer = await api.ask(bearer, CONTACTS, q="in segment 'VIP'")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
