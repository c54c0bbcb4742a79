"""Variables are coerced as graphql-core coerces them."""

from typing import Any

from graphql import build_schema, parse
from graphql.execution.values import VariableValues, get_variable_values
from hypothesis import given
from hypothesis import strategies as st

from schema.server.execution.variables import variables_of

SCHEMA = build_schema("""
    input Box { a: Int }
    type Query { f(id: ID, text: String, number: Int, flag: Boolean, box: Box, ids: [ID!]): Int }
""")
TYPES = ["ID", "String", "Int", "Boolean", "Box", "[ID!]", "Float"]
VALUES = st.sampled_from(
    [None, "", "7", 7, 7.0, 7.5, True, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, {}, {"a": 1}, [], ["a"], [None]]
)
DEFAULTS = {
    "ID": '"x"',
    "String": '"x"',
    "Int": "7",
    "Boolean": "true",
    "Box": "{a: 1}",
    "[ID!]": '["x"]',
    "Float": "1.5",
}


@st.composite
def operations(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """The head of an operation, and what is given for its variables."""
    heads, given_values = [], {}
    for name in "abc"[: draw(st.integers(0, 3))]:
        kind = draw(st.sampled_from(TYPES))
        ending = draw(st.sampled_from(["", "!", f" = {DEFAULTS[kind]}"]))
        heads.append(f"${name}: {kind}{ending}")
        if draw(st.booleans()):
            given_values[name] = draw(VALUES)
    return (f"query ({', '.join(heads)})" if heads else "query"), given_values


@given(operations())
def test_any_variables_are_coerced_as_by_graphql_core(operation: tuple[str, dict[str, Any]]) -> None:
    head, values = operation
    nodes = parse(f"{head} {{ f }}").definitions[0].variable_definitions or ()  # type: ignore[attr-defined]
    expected = get_variable_values(SCHEMA, nodes, values, max_errors=20)
    got = variables_of(SCHEMA, nodes).coerce(values)
    if isinstance(expected, list):
        assert isinstance(got, list)
        assert [str(error) for error in got] == [str(error) for error in expected]
    else:
        assert not isinstance(got, list)
        assert repr(got.coerced) == repr(expected.coerced)
        assert _sources(got) == _sources(expected)


def _sources(values: VariableValues) -> dict[str, tuple[str, str]]:
    return {name: (str(source.signature.type), repr(source.value)) for name, source in values.sources.items()}
