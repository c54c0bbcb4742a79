"""What operations cost, before they run and afterwards."""

from typing import Any

import pytest

from schema.root import build_schema
from schema.server.execution.cost import Cost
from schema.server.execution.documents import Documents
from tests.kit.toys import toy_schema

DOCUMENTS = Documents(toy_schema())


def cost(query: str) -> Cost:
    document = DOCUMENTS.get(query)
    assert not document.errors, document.errors
    return document.operation(None).cost


@pytest.mark.parametrize(
    ("query", "variables", "points"),
    [
        ("{ __typename }", {}, 1),
        ("{ toy(number: 1) { name } }", {}, 1),
        ("{ toy(number: 1) { name parent { name parent { name } } } }", {}, 3),
        ("{ toys { nodes { name } } }", {}, 51),
        ("{ toys(first: 20) { edges { cursor node { name } } pageInfo { endCursor } } }", {}, 21),
        ("query ($n: Int) { toys(first: $n) { nodes { name } } }", {"n": 7}, 8),
        ("{ toys(first: 10) { totalCount nodes { name } } }", {}, 21),
        ("{ toys(first: 10) { nodes { children(first: 5) { name } } } }", {}, 61),
        ("{ toys(first: 10) { nodes { children(first: 5) { children { name } } } } }", {}, 161),
        ("{ plainToys(count: 3) { name } }", {}, 10),
        ("{ dear }", {}, 40),
        ("{ a: toy(number: 1) { id } b: toy(number: 2) { id } }", {}, 2),
        ("{ toys(first: 10) { ...T } } fragment T on ToyConnection { nodes { name } }", {}, 11),
        ("{ toys(first: 10) { nodes { name } ... on ToyConnection { nodes { parts } } } }", {}, 11),
        ("{ anything { id ... on Box { toys { id } } ... on Toy { parent { id } } } }", {}, 12),
        ("mutation { toyMake(number: 1) { toy { name } } }", {}, 11),
        ("subscription { counting }", {}, 10),
        ("{ __schema { types { fields { name type { ofType { name } } } } } }", {}, 1),
    ],
)
def test_an_operation_costs_a_point_for_each_object_that_it_may_give(
    query: str, variables: dict[str, Any], points: int
) -> None:
    assert cost(query).requested(variables) == points


@pytest.mark.parametrize(
    ("query", "data", "points"),
    [
        ("{ toys { nodes { name } } }", {"toys": {"nodes": [{}] * 3}}, 4),
        ("{ toys { edges { node { name } } } }", {"toys": {"edges": [{"node": {}}] * 4}}, 5),
        ("{ toys { nodes { children { id } } } }", {"toys": {"nodes": [{"children": [{}, {}]}, {"children": []}]}}, 5),
        ("{ toys { nodes { parent { id } } } }", {"toys": {"nodes": [{"parent": None}, {"parent": {}}]}}, 4),
        ("{ toy(number: 0) { id } }", {"toy": None}, 1),
        ("{ toy(number: 1) { id } dear }", None, 1),
        ("{ anything { ... on Box { toys { id } } } }", {"anything": {}}, 1),
    ],
)
def test_afterwards_an_operation_costs_what_it_got(query: str, data: Any, points: int) -> None:
    assert cost(query).actual(data) == points


def test_fragments_that_double_at_every_level_are_costed_at_once() -> None:
    levels = [f"fragment F{n} on Toy {{ a: parent {{ ...F{n + 1} }} b: parent {{ ...F{n + 1} }} }}" for n in range(5)]
    query = "{ toy(number: 1) { ...F0 } } " + " ".join(levels) + " fragment F5 on Toy { name }"
    assert cost(query).requested({}) == 2**6 - 1


@pytest.mark.parametrize(
    ("parts", "points"),
    [
        ("{ text }", 12),
        ("{ text children { text } }", 12 + 900),
        ("{ text children { text children { text children { text } } } }", 12 + 3 * 900),
        ("{ a: children { text } b: children { c: children { text } d: children { text } } }", 12 + 4 * 900),
    ],
)
def test_each_level_of_a_tree_costs_no_more_than_the_whole_tree(parts: str, points: int) -> None:
    query = f'{{ segmentExplain(segmentId: "a", contactId: "b") {{ rule {parts} }} }}'
    document = Documents(build_schema()).get(query)
    assert not document.errors, document.errors
    assert document.operation(None).cost.requested({}) == points
