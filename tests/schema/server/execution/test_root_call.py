"""A root query's resolver gets the arguments that strawberry would give it, and its errors look as graphql-core's do."""

from enum import Enum
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, execute, parse, validate
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Invalid
from permissions.principal import SYSTEM, Scope
from schema.root import build_schema
from schema.server.context import Context, Info
from schema.server.execution.executor import CompiledExecutor, Plans
from schema.server.guard import ANYONE, query


@strawberry.enum
class Size(Enum):
    SMALL = "s"
    LARGE = "l"


@strawberry.input
class Parcel:
    weight: int = 1
    size: Size = Size.SMALL


@strawberry.type
class Query:
    @query(ANYONE)
    async def echo(
        self,
        info: Info,
        text_of: str | None = "default",
        number: int = 7,
        size: Size | None = None,
        key: strawberry.ID | None = strawberry.UNSET,
        keys: list[strawberry.ID] | None = None,
        parcel: Parcel | None = None,
    ) -> str:
        del info
        return repr((text_of, number, size, key, keys, parcel))

    @query(ANYONE)
    async def need(self, info: Info, size: Size, number: int) -> str | None:
        del info
        if number < 0:
            raise Invalid("it is below 0", ("number",))
        return repr((size, number))

    @query(ANYONE)
    async def must(self, info: Info, number: int) -> str:
        del info
        if number < 0:
            raise Invalid("it is below 0", ("number",))
        return str(number)


SCHEMA = build_schema([Query], [], [], [])
FIELDS = {
    "echo": {
        "textOf": ("String", ['"a"', "null"], ["b", None]),
        "number": ("Int!", ["5"], [6]),
        "size": ("Size", ["LARGE", "null"], ["SMALL", None]),
        "key": ("ID", ['"k"', "7", "null"], ["x", 9, None]),
        "keys": ("[ID!]", ['["k"]', "null"], [["x"], "x", [], None]),
        "parcel": ("Parcel", ["{weight: 3}", "{}", "null"], [{"size": "LARGE"}, {}, None]),
    },
    "need": {"size": ("Size!", ["LARGE"], ["SMALL"]), "number": ("Int!", ["5", "-5"], [6, -6])},
}


@st.composite
def operations(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """A query, and the variables of two runs of it."""
    name = draw(st.sampled_from(sorted(FIELDS)))
    heads, given_arguments, runs = [], [], list[dict[str, Any]]([{}, {}])
    for argument, (kind, literals, values) in FIELDS[name].items():
        way = draw(st.sampled_from(["variable", "literal"] if name == "need" else ["absent", "literal", "variable"]))
        if way == "literal":
            given_arguments.append(f"{argument}: {draw(st.sampled_from(literals))}")
        elif way == "variable":
            nullable = (
                kind.removesuffix("!") if argument == "number" and name == "echo" and draw(st.booleans()) else kind
            )
            heads.append(f"${argument}: {nullable}")
            given_arguments.append(f"{argument}: ${argument}")
            for run in runs:
                if nullable.endswith("!") or draw(st.booleans()):
                    run[argument] = draw(st.sampled_from(values))
    head = f"query ({', '.join(heads)})" if heads else "query"
    call = f"({', '.join(given_arguments)})" if given_arguments else ""
    return f"{head} {{ {name}{call} }}", runs


async def run(text: str, variables: dict[str, Any], plans: Plans | None) -> Any:
    document = parse(text)
    if validate(SCHEMA, document):
        return None
    options: dict[str, Any] = {} if plans is None else {"executor_class": CompiledExecutor, "plans": plans}
    context = Context(Scope(1, SYSTEM), "a-request")
    result: Any = execute(SCHEMA, document, context_value=context, variable_values=variables, **options)
    if not isinstance(result, ExecutionResult):
        result = await result
    return result.data, [(error.message, error.path, error.locations) for error in result.errors or ()]


@given(operations())
async def test_any_arguments_arrive_as_by_the_ordinary_executor(operation: tuple[str, list[dict[str, Any]]]) -> None:
    text, runs = operation
    for variables in runs:
        assert await run(text, variables, Plans()) == await run(text, variables, None)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("{ must(number: 1) }", {"must": "1"}),
        ("{ must(number: -1) }", None),
        ("query ($n: Int = -3) { other: must(number: $n) }", None),
        ("query ($n: Int = 3) { ...part } fragment part on Query { a: must(number: $n) }", {"a": "3"}),
        (
            "query ($y: Boolean = true) { a: must(number: 1) @skip(if: $y) b: must(number: 2) @include(if: $y) }",
            {"b": "2"},
        ),
        ("query ($y: Boolean = true) { must(number: 1) @skip(if: $y) }", {}),
        ("{ need(size: SMALL, number: -1) }", {"need": None}),
        ("{ need(size: SMALL, number: -1) must(number: -2) }", None),
        ("{ __typename }", {"__typename": "Query"}),
        ("{ __typename must(number: 1) }", {"__typename": "Query", "must": "1"}),
        ("{ must(number: 1) ... on Query { must(number: 1) } }", {"must": "1"}),
    ],
)
async def test_a_query_of_one_field_or_more_is_answered_as_by_the_ordinary_executor(text: str, data: Any) -> None:
    expected = await run(text, {}, None)
    plans = Plans()
    assert expected[0] == data
    assert [await run(text, {}, plans) for _ in range(2)] == [expected, expected]


async def test_a_plan_is_right_for_other_variables_too() -> None:
    text = "query ($t: String, $k: [ID!], $p: Parcel) { echo(textOf: $t, keys: $k, parcel: $p) }"
    document, plans = parse(text), Plans()
    context = Context(Scope(1, SYSTEM), "a-request")
    for variables in ({}, {"t": "x"}, {"t": None}, {"k": ["a"]}, {"p": {"weight": 2}}, {"p": None}, {"t": "y"}):
        answers = []
        for options in ({"executor_class": CompiledExecutor, "plans": plans}, {}):
            result: Any = execute(SCHEMA, document, context_value=context, variable_values=variables, **options)
            answers.append(await result)
        assert answers[0].errors is None
        assert answers[0].data == answers[1].data
    assert len(plans.calls) == 1
