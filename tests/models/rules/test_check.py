"""Rules with mistakes: where they are, and what is expected."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Problems
from models.rules.catalogue import Catalogue, KnownSegment, custom_field
from models.rules.check import check
from models.rules.describe import describe
from models.rules.tree import FieldType
from tests.kit.worlds import World

WORDS = [
    "all",
    "any",
    "not",
    "field",
    "tags",
    "segment",
    "activity",
    "operator",
    "value",
    "segmentId",
    "kind",
    "where",
    "property",
]

CATALOGUE = Catalogue(
    "Europe/Madrid",
    {
        f.key: f
        for f in (
            custom_field("city", "City", FieldType.TEXT),
            custom_field("visits", "Visits", FieldType.NUMBER),
            custom_field("vip", "VIP", FieldType.BOOLEAN),
            custom_field("renewal", "Renewal", FieldType.DATE),
            custom_field("plan", "Plan", FieldType.CHOICE, ("Basic", "Gold")),
            custom_field("wishes", "Wishes", FieldType.MULTI_CHOICE, ("Lips", "Brows")),
        )
    },
    {
        1: KnownSegment("Silent", frozenset({2})),
        2: KnownSegment("Tagged", frozenset({3})),
        3: KnownSegment("Rich"),
        4: KnownSegment("Old", deleted=True),
    },
)


def field(name, operator, *value):
    return {"field": {"field": name, "operator": operator} | ({"value": value[0]} if value else {})}


def activity(**body):
    return {"activity": {"kind": "purchase", "operator": "GTE", "value": 1} | body}


def where(**body):
    return activity(where=[{"property": "amount"} | body])


def mistakes(rule, **options):
    with pytest.raises(Problems) as caught:
        check(rule, CATALOGUE, **options)
    return [(error.code.value, ".".join(error.path or ()), error.message) for error in caught.value.errors]


TAGGED = {"tags": {"operator": "HAS_ANY", "tags": ["a"]}}

WRONG = [
    (field("emial", "EQUALS", "a"), "INVALID", "rule.field.field", 'did you mean "email"?'),
    (field("city", "EQUALS", "a"), "INVALID", "rule.field.field", 'did you mean "attributes.city"?'),
    (field("", "EQUALS", "a"), "INVALID", "rule.field.field", "ruleFields"),
    (field("x" * 1001, "EQUALS", "a"), "INVALID", "rule.field.field", "ruleFields"),
    (field(5, "EQUALS", "a"), "INVALID", "rule.field.field", "attributes.city"),
    (field(None, "EQUALS", "a"), "REQUIRED", "rule.field.field", "missing"),
    (field("tags", "HAS_ANY", ["a"]), "INVALID", "rule.field.field", "condition of their own"),
    (field("attributes.nothing_like_it", "EQUALS", "a"), "INVALID", "rule.field.field", "ruleFields"),
    (field("email", "LT", "a"), "INVALID", "rule.field.operator", "EQUALS, NOT_EQUALS"),
    (field("email", "LIKE", "a"), "INVALID", "rule.field.operator", "must be one of"),
    (field("email", "EQUALS", 5), "INVALID", "rule.field.value", "must be a text, not 5"),
    (field("email", "EQUALS", ""), "INVALID", "rule.field.value", "IS_NOT_SET"),
    (field("email", "EQUALS", "a\0"), "INVALID", "rule.field.value", "null character"),
    (field("email", "EQUALS", "\ud800"), "INVALID", "rule.field.value", "surrogate"),
    (field("email", "EQUALS", "x" * 1001), "LIMIT_EXCEEDED", "rule.field.value", "1,000 characters"),
    (field("email", "EQUALS"), "REQUIRED", "rule.field.value", "EQUALS needs a text"),
    (field("email", "IS_SET", "a"), "INVALID", "rule.field.value", "takes no value"),
    (field("email", "IN", "a"), "INVALID", "rule.field.value", "must be a list"),
    (field("email", "IN", []), "INVALID", "rule.field.value", "empty"),
    (field("email", "IN", ["a", 5]), "INVALID", "rule.field.value.1", "must be a text"),
    (field("email", "IN", ["a"] * 1001), "LIMIT_EXCEEDED", "rule.field.value", "1,001"),
    (field("score", "EQUALS", "5"), "INVALID", "rule.field.value", 'must be a number, not "5"'),
    (field("score", "EQUALS", True), "INVALID", "rule.field.value", "must be a number, not true"),
    (field("score", "EQUALS", 10**101), "INVALID", "rule.field.value", "1e100"),
    (field("score", "EQUALS", 10**400), "INVALID", "rule.field.value", "1e100"),
    (field("score", "EQUALS", 10**100 + 1), "INVALID", "rule.field.value", "1e100"),
    (field("score", "EQUALS", float("-inf")), "INVALID", "rule.field.value", "1e100"),
    (field("score", "EQUALS", float("nan")), "INVALID", "rule.field.value", "1e100"),
    (field("score", "BETWEEN", [1]), "INVALID", "rule.field.value", "[low, high]"),
    (field("score", "BETWEEN", [2, 1]), "INVALID", "rule.field.value", "must not be the greater"),
    (field("attributes.vip", "EQUALS", "yes"), "INVALID", "rule.field.value", "true or false"),
    (field("date_of_birth", "EQUALS", "1.5.2020"), "INVALID", "rule.field.value", "YYYY-MM-DD"),
    (field("date_of_birth", "EQUALS", "2026-02-30"), "INVALID", "rule.field.value", "YYYY-MM-DD"),
    (field("subscribed_at", "GT", "2026-01-01"), "INVALID", "rule.field.value", "with its offset"),
    (field("subscribed_at", "GT", "0001-01-01T00:00:00+09:00"), "INVALID", "rule.field.value", "with its offset"),
    (field("subscribed_at", "WITHIN_LAST", "30 days"), "INVALID", "rule.field.value", "P30D"),
    (field("subscribed_at", "WITHIN_LAST", 30), "INVALID", "rule.field.value", "P30D"),
    (field("subscribed_at", "WITHIN_LAST", "-P1D"), "INVALID", "rule.field.value", "P30D"),
    (field("subscribed_at", "WITHIN_LAST", "P1.5D"), "INVALID", "rule.field.value", "whole numbers"),
    (field("subscribed_at", "WITHIN_LAST", "P201Y"), "INVALID", "rule.field.value", "200 years"),
    (field("subscribed_at", "WITHIN_LAST", f"P{'9' * 9999}D"), "INVALID", "rule.field.value", "200 years"),
    (field("subscribed_at", "ANNIVERSARY_WITHIN_NEXT", "P1D"), "INVALID", "rule.field.operator", "DATETIME"),
    (field("attributes.renewal", "WITHIN_LAST", "PT5H"), "INVALID", "rule.field.value", "no time of day"),
    (field("attributes.plan", "EQUALS", "Silver"), "INVALID", "rule.field.value", "one of Basic, Gold"),
    (field("attributes.wishes", "HAS_ANY", ["Lips", "Nose"]), "INVALID", "rule.field.value.1", "one of Lips, Brows"),
    (field("attributes.wishes", "EQUALS", "Lips"), "INVALID", "rule.field.operator", "HAS_ANY"),
    ({"tags": {"operator": "HAS_ANY", "tags": []}}, "INVALID", "rule.tags.tags", "empty"),
    ({"tags": {"operator": "HAS_ANY", "tags": ["a", ""]}}, "INVALID", "rule.tags.tags.1", "at least one character"),
    ({"tags": {"operator": "EQUALS", "tags": ["a"]}}, "INVALID", "rule.tags.operator", "HAS_ANY, HAS_ALL, HAS_NONE"),
    ({"segment": {"segmentId": 99}}, "NOT_FOUND", "rule.segment.segmentId", "no such segment"),
    ({"segment": {"segmentId": 4}}, "NOT_FOUND", "rule.segment.segmentId", "no such segment"),
    ({"segment": {"segmentId": "1"}}, "NOT_FOUND", "rule.segment.segmentId", "no such segment"),
    (activity(kind="Purchase!"), "INVALID", "rule.activity.kind", "a-z"),
    (activity(kind=None), "REQUIRED", "rule.activity.kind", "missing"),
    (activity(metric="SUM"), "REQUIRED", "rule.activity.property", "amount"),
    (activity(property="amount"), "INVALID", "rule.activity.property", "leave the property out"),
    (activity(operator="CONTAINS"), "INVALID", "rule.activity.operator", "EQUALS"),
    (activity(operator="WITHIN_LAST", value="P1D"), "INVALID", "rule.activity.operator", "COUNT takes"),
    (activity(metric="LAST_OCCURRED"), "INVALID", "rule.activity.value", "with its offset"),
    (activity(value=None), "REQUIRED", "rule.activity.value", "a number"),
    (activity(within="soon"), "INVALID", "rule.activity.within", "P30D"),
    (activity(since="2026-01-02T00:00:00Z", until="2026-01-01T00:00:00Z"), "INVALID", "rule.activity.until", "later"),
    (where(operator="EQUALS", value=""), "INVALID", "rule.activity.where.0.value", "IS_NOT_SET"),
    (where(operator="IN", value=["a", []]), "INVALID", "rule.activity.where.0.value.1", "a list"),
    (where(operator="IN", value=["a"] * 1001), "LIMIT_EXCEEDED", "rule.activity.where.0.value", "1,001"),
    (where(operator="GT", value="x"), "INVALID", "rule.activity.where.0.value", "a number"),
    (where(operator="EQUALS", value={}), "INVALID", "rule.activity.where.0.value", "an object"),
    (where(property=None, operator="IS_SET"), "REQUIRED", "rule.activity.where.0.property", "missing"),
    ({}, "INVALID", "rule", "exactly one of"),
    ({"all": [TAGGED], "any": [TAGGED]}, "INVALID", "rule", "exactly one of"),
    ({"nor": [TAGGED]}, "INVALID", "rule", "exactly one of"),
    ("tagged", "INVALID", "rule", "exactly one of"),
    ({"all": []}, "INVALID", "rule.all", "at least one"),
    ({"any": [TAGGED, {"not": {"all": "x"}}]}, "INVALID", "rule.any.1.not.all", "at least one"),
    ({"all": [TAGGED] * 101}, "LIMIT_EXCEEDED", "rule.all", "100"),
    ({"all": [{"any": [TAGGED] * 60}] * 2}, "LIMIT_EXCEEDED", "rule", "120"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "code", "path", "message"), WRONG)
def test_a_mistake_has_a_path_and_says_what_is_expected(rule, code, path, message):
    assert [(c, p) for c, p, _ in mistakes(rule)] == [(code, path)]
    assert message in mistakes(rule)[0][2]


def test_too_many_conditions_come_before_the_mistakes_in_them():
    """And the mistakes of the first hundred are looked for, not those of the other thousands."""
    found = mistakes({"all": [{"any": [field("emial", "EQUALS", "a")] * 100}] * 100})
    assert found[0] == ("LIMIT_EXCEEDED", "rule", "a rule may have up to 100 conditions; this one has 10000")
    assert {code for code, _, _ in found[1:]} == {"INVALID"}


def test_several_mistakes_are_reported_at_once():
    rule = {
        "all": [
            field("emial", "EQUALS", "a"),
            {"any": [field("score", "LIKE", 1), field("score", "IN", [1, "a", "b"])]},
        ]
    }
    assert [path for _, path, _ in mistakes(rule)] == [
        "rule.all.0.field.field",
        "rule.all.1.any.0.field.operator",
        "rule.all.1.any.1.field.value.1",
        "rule.all.1.any.1.field.value.2",
    ]  # fmt: skip


def test_the_first_fifty_mistakes_are_reported():
    assert len(mistakes(field("score", "IN", ["x"] * 1_000))) == 50


def test_of_many_unknown_fields_the_first_five_get_a_hint():
    found = mistakes({"any": [field("emial", "IS_SET")] * 7})
    assert ["did you mean" in message for _, _, message in found] == [True] * 5 + [False] * 2


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["email", "P1D", "EQUALS", "COUNT"]),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(), below, max_size=4),
    max_leaves=20,
)


def words_or_paths(rule, catalogue, **options):
    """What a rule says; or whether each mistake in it has its place."""
    try:
        return describe(check(rule, catalogue, **options))
    except Problems as problems:
        return all(error.path and error.path[0] == "rule" for error in problems.errors)


@given(JSON)
def test_any_json_is_read_or_refused(rule):
    for options in ({}, {"stored": True, "segment_id": 1}, {"allows_activities": False}):
        assert words_or_paths(rule, CATALOGUE, **options)


@given(st.integers(0, 2**32), JSON)
def test_a_good_rule_with_one_part_replaced_is_read_or_refused(seed, part):
    world = World(seed, contacts=0)
    rule = world.rule()
    places = []

    def walk(node):
        for key in node.keys() if isinstance(node, dict) else range(len(node)):
            places.append((node, key))
            if isinstance(node[key], dict | list):
                walk(node[key])

    walk(rule)
    node, key = world.random.choice(places)
    node[key] = part
    assert words_or_paths(rule, world.catalogue)


def test_a_rule_may_be_nested_eight_deep_and_no_deeper():
    rule = TAGGED
    for _ in range(8):
        rule = {"not": rule}
    check(rule, CATALOGUE)
    ((code, path, _),) = mistakes({"not": rule})
    assert (code, path) == ("LIMIT_EXCEEDED", "rule" + ".not" * 8)


def test_a_rule_of_any_depth_is_refused_without_harm():
    rule = TAGGED
    for _ in range(50_000):
        rule = {"not": rule}
    assert mistakes(rule)[0][0] == "LIMIT_EXCEEDED"


def test_a_rule_of_a_hundred_conditions_is_fine():
    check({"all": [TAGGED] * 100}, CATALOGUE)


def test_filters_of_activities_count_as_conditions():
    filters = [{"property": "a", "operator": "IS_SET"}] * 60
    assert mistakes({"all": [activity(where=filters), activity(where=filters)]})[0][0] == "LIMIT_EXCEEDED"


def test_a_dynamic_segment_has_no_conditions_on_activities():
    ((code, path, message),) = mistakes({"all": [activity()]}, allows_activities=False)
    assert (code, path) == ("UNSUPPORTED", "rule.all.0.activity")
    assert "DYNAMIC_PLUS" in message


def test_a_cycle_is_refused_with_its_path():
    ((code, path, message),) = mistakes({"any": [TAGGED, {"segment": {"segmentId": 1}}]}, segment_id=3)
    assert (code, path) == ("INVALID", "rule.any.1.segment.segmentId")
    assert "Rich -> Silent -> Tagged -> Rich" in message


def test_a_segment_cannot_mention_itself():
    assert "Silent -> Silent" in mistakes({"segment": {"segmentId": 1}}, segment_id=1)[0][2]


def test_a_stored_rule_may_mention_a_segment_that_was_deleted_since():
    for segment_id in (4, 99):
        assert check({"segment": {"segmentId": segment_id}}, CATALOGUE, stored=True).deleted


def test_choices_are_found_whatever_their_case_and_kept_as_the_field_spells_them():
    assert check(field("attributes.plan", "EQUALS", "gOLD"), CATALOGUE).operand == "Gold"


def test_paths_begin_where_the_caller_says():
    assert mistakes(field("emial", "IS_SET"), path=("contacts", "filter"))[0][1] == "contacts.filter.field.field"


def test_equal_rules_are_equal_trees():
    rule = {"all": [activity(where=[{"property": "a", "operator": "IN", "value": [1, "x"]}], within="P30D"), TAGGED]}
    assert hash(check(rule, CATALOGUE)) == hash(check(rule, CATALOGUE))
