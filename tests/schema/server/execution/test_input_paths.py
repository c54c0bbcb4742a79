"""Errors in the input say where."""

from typing import Any

import pytest
from graphql import build_schema

from schema.server.execution.documents import Documents

SCHEMA = build_schema("""
    input Part { size: Int, sizes: [Int!], parts: [Part!], name: String! }
    type Query {
        find(input: Part, filter: Part, first: Int, ids: [ID!], parts: [Part!]): Int
        deep: Query
    }
""")


def literal_paths(text: str) -> list[Any]:
    return [(error.extensions or {}).get("field") for error in Documents(SCHEMA).get(text).errors]  # type: ignore[union-attr]


def variable_paths(text: str, **variables: Any) -> list[Any]:
    errors = Documents(SCHEMA).get(text).operation(None).variables.coerce(variables)
    assert isinstance(errors, list)
    return [(error.extensions or {}).get("field") for error in errors]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('{ find(first: "x") }', ["first"]),
        ("{ find(ids: [1, {}]) }", ["ids", "1"]),
        ('{ deep { find(input: {name: "a", size: 1.5}) } }', ["size"]),
        ('{ find(filter: {name: "a", sizes: [1, true]}) }', ["filter", "sizes", "1"]),
        ('{ find(filter: {name: "a", parts: [{name: "b"}, {name: 7}]}) }', ["filter", "parts", "1", "name"]),
        ("{ find(filter: {size: 1}) }", ["filter"]),
        ("{ find(input: 7) }", ["input"]),
        ("{ nothing }", None),
    ],
)
def test_a_wrong_literal_has_its_path(text: str, path: list[str] | None) -> None:
    assert literal_paths(text) == [path]


@pytest.mark.parametrize(
    ("variables", "paths"),
    [
        ({"part": {"name": "a", "size": "x"}}, [["size"]]),
        ({"part": {"name": 7, "sizes": [1, "x"]}}, [["sizes", "1"], ["name"]]),
        ({"part": {"name": "a", "parts": [{"name": "b"}, {}]}}, [["parts", "1"]]),
        ({"part": 7}, [["input"]]),
        ({"first": 1.5}, [["first"]]),
        ({"size": "x", "first": 1.5}, [["first"], ["filter", "parts", "1", "size"]]),
    ],
)
def test_a_wrong_variable_has_the_path_of_its_first_use(variables: dict[str, Any], paths: list[Any]) -> None:
    text = """
        query ($part: Part, $first: Int, $size: Int) {
            ...Parts
            find(first: $first, filter: {name: "a", parts: [{name: "b"}, {name: "c", size: $size}]})
        }
        fragment Parts on Query { deep { find(input: $part) } }
    """
    assert sorted(map(str, variable_paths(text, **variables))) == sorted(map(str, paths))


def test_a_missing_variable_has_its_path() -> None:
    assert variable_paths("query ($first: Int!) { find(first: $first) }") == [["first"]]
