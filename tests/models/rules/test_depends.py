"""What rules depend on, and their order."""

from graphlib import CycleError

import pytest

from models import db
from models.errors import Problems
from models.rule_catalogue.loading import load_catalogue
from models.rules.catalogue import Catalogue, KnownSegment, custom_field
from models.rules.check import check
from models.rules.depends import dependencies, find_cycle, in_order, segments_mentioned, segments_of
from models.rules.tree import FieldType
from tests.kit.workspaces import new_workspace

TAGGED = {"tags": {"operator": "HAS_ANY", "tags": ["a"]}}


def mentions(segment_id):
    return {"any": [TAGGED, {"not": {"segment": {"segmentId": segment_id}}}]}


CITY = custom_field("city", "City", FieldType.TEXT)
CATALOGUE = Catalogue(custom={CITY.key: CITY}, segments={7: KnownSegment("Seven"), 8: KnownSegment("Eight")})
RULE = {
    "all": [
        {"any": [{"field": {"field": "email", "operator": "IS_SET"}}, {"segment": {"segmentId": 7}}]},
        {"not": {"tags": {"operator": "HAS_ANY", "tags": ["a"]}}},
        {"field": {"field": "attributes.city", "operator": "IS_SET"}},
        {"activity": {"kind": "purchase", "operator": "GTE", "value": 1}},
        {"not": {"not": {"segment": {"segmentId": 8, "member": False}}}},
    ]
}


def test_dependencies_are_the_words_of_the_triggers():
    rule = check(RULE, CATALOGUE)
    assert dependencies(rule) == {"email", "tags", "attributes.city", "activity:purchase", "segment:7", "segment:8"}


def test_segments_are_found_in_the_tree_and_in_the_json():
    assert segments_of(check(RULE, CATALOGUE)) == segments_mentioned(RULE) == {7, 8}


def test_what_is_no_rule_mentions_no_segment():
    for odd in (None, 5, "segment", {"segment": 5}, {"segment": {"segmentId": "7"}}, {"all": {"x": 1}}, [[]]):
        assert segments_mentioned(odd) == frozenset()


def test_a_cycle_is_found_with_its_path():
    uses = {1: {2}, 2: {3, 4}, 3: set(), 4: {5}}
    assert find_cycle(5, uses, [1]) == (1, 2, 4, 5)
    assert find_cycle(6, uses, [1]) is None
    assert find_cycle(5, uses, [5]) == (5,)


def test_a_cycle_of_other_segments_ends_the_search():
    assert find_cycle(9, {1: {2}, 2: {1}}, [1]) is None


def test_segments_come_after_those_they_mention():
    order = in_order({1: {2, 3}, 2: {3}, 3: {99}, 4: set()})
    assert set(order) == {1, 2, 3, 4}
    assert order.index(3) < order.index(2) < order.index(1)


def test_a_cycle_has_no_order():
    with pytest.raises(CycleError):
        in_order({1: {2}, 2: {1}})


async def test_the_active_rule_counts_as_well_as_the_next_one(database):
    scope = await new_workspace()
    first, second, third = [
        await db.fetch_value(
            "INSERT INTO segments (workspace_id, name, kind, rule, active_rule)"
            " VALUES ($1, $2, 'DYNAMIC', $3, $4) RETURNING id",
            scope.workspace_id, name, db.dump_json(rule), db.dump_json(in_force),
        )
        for name, rule, in_force in (("A", TAGGED, TAGGED), ("B", mentions(1), TAGGED), ("C", TAGGED, mentions(2)))
    ]  # fmt: skip
    catalogue = await load_catalogue(scope, mentions(third))
    assert {number: segment.uses for number, segment in catalogue.segments.items()} == {
        first: set(),
        second: {1},
        third: {2},
    }
    with pytest.raises(Problems, match="A -> C -> B -> A"):
        check(mentions(third), catalogue, segment_id=first)
