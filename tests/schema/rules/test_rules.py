"""Rules over GraphQL."""

import pytest

from models import db
from models.contacts import fields as contact_fields
from models.contacts.create import create_contact
from models.rules.tree import FieldType
from permissions.capabilities import Permission
from schema.server.ids import to_global_id
from tests.kit.api import Api, bearer_of, token_with
from tests.kit.workspaces import new_workspace

PREVIEW = "query ($rule: RuleInput!) { segmentPreview(rule: $rule) { count ruleText contacts { name } } }"
EXPLAIN = """query ($segment: ID!, $contact: ID!) { segmentExplain(segmentId: $segment, contactId: $contact) {
    member override since rule { holds text actual children { holds text actual children { holds } } } } }"""


@pytest.fixture
async def scope(database):
    return await new_workspace()


@pytest.fixture
def api():
    return Api()


def field(name, operator, value=None):
    return {"field": {"field": name, "operator": operator, "value": value}}


async def test_a_preview_counts_exactly_and_shows_some(api, scope):
    for number in range(12):
        await create_contact(scope, {"name": f"Ana {number:02}", "score": number})
    told = await api.data(await bearer_of(scope), PREVIEW, rule={"not": field("score", "LT", 1)})
    assert told["segmentPreview"]["count"] == 11
    assert [contact["name"] for contact in told["segmentPreview"]["contacts"]] == [f"Ana {n:02}" for n in range(1, 11)]
    assert told["segmentPreview"]["ruleText"] == "not (score is less than 1)"


async def test_mistakes_in_a_rule_are_told_with_their_paths(api, scope):
    rule = {"all": [field("score", "CONTAINS", 1), {"segment": {"segmentId": "nonsense"}}]}
    answer = await api.ask(await bearer_of(scope), PREVIEW, rule=rule)
    told = [(error["extensions"]["reason"], error["extensions"]["field"]) for error in answer["errors"]]
    assert told == [
        ("INVALID", ["rule", "all", "0", "field", "operator"]),
        ("NOT_FOUND", ["rule", "all", "1", "segment", "segmentId"]),
    ]


async def test_every_kind_of_condition_passes_the_door(api, scope):
    number = await db.fetch_value(
        "INSERT INTO segments (workspace_id, name, kind) VALUES ($1, 'Some', 'STATIC') RETURNING id", scope.workspace_id
    )
    rule = {
        "all": [
            {"any": [{"tags": {"operator": "HAS_ALL", "tags": ["a"]}}]},
            {"segment": {"segmentId": to_global_id("Segment", number), "member": False}},
            field("subscribed_at", "WITHIN_LAST", "P30D"),
            {
                "activity": {
                    "kind": "purchase",
                    "metric": "SUM",
                    "property": "amount",
                    "where": [{"property": "shop", "operator": "IN", "value": ["a", 1]}],
                    "within": "P1Y",
                    "since": "2026-01-01T00:00:00+01:00",
                    "operator": "BETWEEN",
                    "value": [1, 2],
                }
            },
        ]
    }
    told = await api.data(await bearer_of(scope), PREVIEW, rule=rule)
    assert told["segmentPreview"]["ruleText"] == (
        'tagged a and not in segment "Some" and subscribed in the last 30 days and sum of amount over purchase activities'
        ' where shop is one of "a" or 1 in the last year since 2025-12-31 23:00:00 UTC is between 1 and 2'
    )


IS_SET = {"field": "name", "operator": "IS_SET"}


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"field": None},
        {"not": None},
        {"all": [None]},
        {"all": [{}]},
        {"field": IS_SET, "tags": None},
        {"field": IS_SET, "tags": {"operator": "HAS_ANY", "tags": ["a"]}},
        {"field": IS_SET | {"operator": "LIKE"}},
        {"field": {"field": 5, "operator": "IS_SET"}},
        {"field": IS_SET | {"more": 1}},
        {"tags": {"operator": "HAS_ANY", "tags": None}},
        {"segment": {"segmentId": None}},
        {"activity": {"kind": "visit", "operator": "GTE"}},
        {"activity": {"kind": "visit", "operator": "GTE", "value": 1, "since": "yesterday"}},
        "name is set",
        None,
    ],
)
async def test_what_is_not_of_the_shape_of_a_rule_is_refused_before_it_is_read(api, scope, rule):
    answer = await api.ask(await bearer_of(scope), PREVIEW, rule=rule)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_REQUEST"]
    assert len(answer["errors"][0]["message"]) > 10


@pytest.mark.parametrize("wrong", [{}, {"field": None}, {"not": {"field": IS_SET, "tags": None}}])
async def test_where_not_exactly_one_member_is_set_is_told(api, scope, wrong):
    answer = await api.ask(await bearer_of(scope), PREVIEW, rule={"all": [{"field": IS_SET}, wrong]})
    assert ".all[1]" in answer["errors"][0]["message"]
    assert "exactly one field" in answer["errors"][0]["message"]
    told = await api.data(await bearer_of(scope), '{ __type(name: "RuleInput") { isOneOf } }')
    assert told == {"__type": {"isOneOf": True}}


CREATE = "mutation ($input: SegmentCreateInput!) { segmentCreate(input: $input) { userErrors { code field message } } }"


@pytest.mark.parametrize("within", ["soon", "30 days", "P1.5D", "P201Y", "", "-P1D", "P１D"])
async def test_a_wrong_duration_is_told_with_its_path_wherever_it_stands(api, scope, within):
    activity = {"kind": "visit", "operator": "GTE", "value": 1, "within": within}
    rule = {"any": [{"activity": activity}, field("created_at", "WITHIN_LAST", within)]}
    given = {"name": "Visitors", "kind": "DYNAMIC_PLUS", "rule": rule}
    told = (await api.data(await bearer_of(scope), CREATE, input=given))["segmentCreate"]["userErrors"]
    assert [(error["code"], ".".join(error["field"])) for error in told] == [
        ("INVALID", "rule.any.0.activity.within"),
        ("INVALID", "rule.any.1.field.value"),
    ]
    assert all("a duration" in error["message"] or "P30D" in error["message"] for error in told)


async def test_a_number_past_64_bits_can_stand_in_the_document(api, scope):
    """JSON columns, and what JSON in `variables` becomes, know whole numbers of 64 bits."""
    await contact_fields.create(scope, key="n", label="N", kind=FieldType.NUMBER)
    await create_contact(scope, {"name": "Ana", "attributes": {"n": 1e20}})
    token = await bearer_of(scope)
    rule = '{field: {field: "attributes.n", operator: IN, value: [1, 100000000000000000000]}}'
    told = await api.data(token, f"{{ segmentPreview(rule: {rule}) {{ count }} }}")
    assert told["segmentPreview"]["count"] == 1
    made = await api.data(
        token,
        f'mutation {{ segmentCreate(input: {{name: "a", kind: DYNAMIC, rule: {rule}}}) {{ segment {{ rule }} }} }}',
    )
    assert made["segmentCreate"]["segment"]["rule"]["field"]["value"] == [1, 1e20]
    for digits in (400, 5_000):
        rule = f'{{field: {{field: "score", operator: GT, value: {"9" * digits}}}}}'
        answer = await api.ask(token, f"{{ segmentPreview(rule: {rule}) {{ count }} }}")
        assert [error["extensions"]["field"] for error in answer["errors"]] == [["rule", "field", "value"]]


async def test_an_id_with_very_many_digits_is_nobodys(api, scope):
    rule = {"segment": {"segmentId": to_global_id("Segment", 10**4_000)}}
    answer = await api.ask(await bearer_of(scope), PREVIEW, rule=rule)
    assert [error["extensions"]["reason"] for error in answer["errors"]] == ["NOT_FOUND"]


@pytest.mark.parametrize(("first", "shown"), [(1, 1), (250, 3), (None, 3), (0, None), (-1, None), (251, None)])
async def test_a_sample_is_as_large_as_one_asks_within_bounds(api, scope, first, shown):
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


async def test_a_rule_a_thousand_deep_is_refused_clearly(api, scope):
    rule = field("name", "IS_SET")
    for _ in range(1_000):
        rule = {"not": rule}
    codes = await api.codes(await bearer_of(scope), PREVIEW, rule=rule)
    assert codes
    assert "INTERNAL" not in codes


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


async def test_a_contact_s_membership_is_explained(api, scope):
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


async def test_a_rule_builder_learns_the_fields(api, scope):
    await contact_fields.create(scope, key="plan", label="Plan", kind=FieldType.CHOICE, choices=["Basic", "Gold"])
    told = await api.data(await bearer_of(scope), "{ ruleFields { key label type custom operators choices } }")
    fields = {one["key"]: one for one in told["ruleFields"]}
    assert fields["attributes.plan"] == {
        "key": "attributes.plan",
        "label": "Plan",
        "type": "CHOICE",
        "custom": True,
        "operators": ["EQUALS", "NOT_EQUALS", "IN", "NOT_IN", "IS_SET", "IS_NOT_SET"],
        "choices": ["Basic", "Gold"],
    }
    assert "ANNIVERSARY_WITHIN_NEXT" in fields["date_of_birth"]["operators"]


@pytest.mark.parametrize(
    ("field", "prefix", "values"),
    [
        ("attributes.city", "ma", ["Madrid"]),
        ("attributes.city", "", ["Madrid", "Paris"]),
        ("attributes.city", "%", []),
        ("tags", "BO", ["Botox"]),
        ("whatsapp_consent", "opt", ["OPTED_IN", "OPTED_OUT"]),
        ("attributes.plan", "gO", ["Gold"]),
        ("attributes.vip", "t", ["true"]),
        ("email", "ANA", ["ana1@example.com", "ana2@example.com", "ana3@example.com"]),
        ("email", "ana_", []),
        ("phone", "", []),
        ("score", "", []),
        ("name", "a\0", []),
        ("name", "\\", []),
    ],
)
async def test_values_are_suggested_commonest_first(api, scope, field, prefix, values):
    await contact_fields.create(scope, key="city", label="City", kind=FieldType.TEXT, choices=None)
    await contact_fields.create(scope, key="plan", label="Plan", kind=FieldType.CHOICE, choices=["Basic", "Gold"])
    await contact_fields.create(scope, key="vip", label="VIP", kind=FieldType.BOOLEAN)
    for number, city in enumerate(("Paris", "Madrid", "madrid"), 1):
        wanted = {"attributes": {"city": city}, "tags": ["Botox"], "email": f"ana{number}@example.com"}
        await create_contact(scope, wanted)
    told = await api.data(
        await bearer_of(scope),
        "query ($f: String!, $p: String) { ruleValueSuggestions(field: $f, prefix: $p) }",
        f=field,
        p=prefix,
    )
    assert told["ruleValueSuggestions"] == values
