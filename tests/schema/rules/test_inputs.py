"""Rules as the API takes them."""

import pytest

from models import db
from models.contacts import fields as contact_fields
from models.contacts.create import create_contact
from models.rules.tree import FieldType
from schema.server.ids import to_global_id
from tests.kit.api import bearer_of
from tests.schema.rules.operations import IS_SET, PREVIEW, field

CREATE = "mutation ($input: SegmentCreateInput!) { segmentCreate(input: $input) { userErrors { code field message } } }"


async def test_mistakes_in_a_rule_are_reported_with_their_paths(api, scope):
    rule = {"all": [field("score", "CONTAINS", 1), {"segment": {"segmentId": "nonsense"}}]}
    answer = await api.ask(await bearer_of(scope), PREVIEW, rule=rule)
    told = [(error["extensions"]["reason"], error["extensions"]["field"]) for error in answer["errors"]]
    assert told == [
        ("INVALID", ["rule", "all", "0", "field", "operator"]),
        ("NOT_FOUND", ["rule", "all", "1", "segment", "segmentId"]),
    ]


async def test_every_kind_of_condition_is_accepted(api, scope):
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
async def test_input_without_the_shape_of_a_rule_is_refused(api, scope, rule):
    answer = await api.ask(await bearer_of(scope), PREVIEW, rule=rule)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["BAD_REQUEST"]
    assert len(answer["errors"][0]["message"]) > 10


@pytest.mark.parametrize("wrong", [{}, {"field": None}, {"not": {"field": IS_SET, "tags": None}}])
async def test_a_rule_with_no_member_or_several_is_refused(api, scope, wrong):
    answer = await api.ask(await bearer_of(scope), PREVIEW, rule={"all": [{"field": IS_SET}, wrong]})
    assert ".all[1]" in answer["errors"][0]["message"]
    assert "exactly one field" in answer["errors"][0]["message"]
    told = await api.data(await bearer_of(scope), '{ __type(name: "RuleInput") { isOneOf } }')
    assert told == {"__type": {"isOneOf": True}}


@pytest.mark.parametrize("within", ["soon", "30 days", "P1.5D", "P201Y", "", "-P1D", "P１D"])
async def test_a_wrong_duration_is_reported_with_its_path(api, scope, within):
    activity = {"kind": "visit", "operator": "GTE", "value": 1, "within": within}
    rule = {"any": [{"activity": activity}, field("created_at", "WITHIN_LAST", within)]}
    given = {"name": "Visitors", "kind": "DYNAMIC_PLUS", "rule": rule}
    told = (await api.data(await bearer_of(scope), CREATE, input=given))["segmentCreate"]["userErrors"]
    assert [(error["code"], ".".join(error["field"])) for error in told] == [
        ("INVALID", "rule.any.0.activity.within"),
        ("INVALID", "rule.any.1.field.value"),
    ]
    assert all("a duration" in error["message"] or "P30D" in error["message"] for error in told)


async def test_a_document_may_hold_a_number_of_more_than_64_bits(api, scope):
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


async def test_an_id_with_very_many_digits_finds_nothing(api, scope):
    rule = {"segment": {"segmentId": to_global_id("Segment", 10**4_000)}}
    answer = await api.ask(await bearer_of(scope), PREVIEW, rule=rule)
    assert [error["extensions"]["reason"] for error in answer["errors"]] == ["NOT_FOUND"]


async def test_a_rule_of_a_thousand_levels_is_refused(api, scope):
    rule = field("name", "IS_SET")
    for _ in range(1_000):
        rule = {"not": rule}
    codes = await api.codes(await bearer_of(scope), PREVIEW, rule=rule)
    assert codes
    assert "INTERNAL" not in codes
