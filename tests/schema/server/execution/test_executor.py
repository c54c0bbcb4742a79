"""The compiled executor answers as the ordinary one does, for any query and any values, right or wrong."""

import asyncio
from typing import Any

import orjson
import pytest
import structlog
from graphql import ExecutionResult, GraphQLSchema, execute, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from permissions.principal import SYSTEM, Scope
from schema.server.context import Context
from schema.server.execution.executor import CompiledExecutor, Plans
from schema.server.formatted_errors import format_errors
from tests.kit import toys
from tests.kit.toys import toy_schema

SCHEMA = toy_schema()

EXAMPLES = 100


@pytest.fixture(autouse=True)
def _in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hundreds of errors would be logged."""
    monkeypatch.setattr("schema.server.formatted_errors.log", structlog.wrap_logger(None, processors=[drop]))


def drop(*_: Any) -> Any:
    raise structlog.DropEvent


def context() -> Context:
    return Context(Scope(1, SYSTEM), "a-request")


async def run(schema: GraphQLSchema, query: str, plans: Plans | None, **variables: Any) -> ExecutionResult:
    document = parse(query)
    assert not validate(schema, document), validate(schema, document)
    options: dict[str, Any] = {} if plans is None else {"executor_class": CompiledExecutor, "plans": plans}
    result: Any = execute(schema, document, context_value=context(), variable_values=variables, **options)
    return await result if asyncio.iscoroutine(result) else result  # type: ignore[no-any-return]


def as_client_sees(result: ExecutionResult) -> Any:
    """The response as a client reads it. Errors are sorted, because their order means nothing."""
    errors = format_errors(result.errors or (), "a-request")
    return orjson.loads(orjson.dumps({"data": result.data, "errors": sorted(errors, key=str)}, option=orjson.OPT_UTC_Z))


async def both(query: str, **variables: Any) -> tuple[Any, Any]:
    """The compiled executor's response (from plans used for the second time) and the ordinary one's."""
    plans = Plans()
    await run(SCHEMA, query, plans, **variables)
    return as_client_sees(await run(SCHEMA, query, plans, **variables)), as_client_sees(
        await run(SCHEMA, query, None, **variables)
    )


# ---------------------------------------------------------------- any query

LEAVES = ["__typename", "id", "name", "maker", "weight", "parts", "wooden", "madeAt", "soldOn", "colour", "tags"]
LEAVES += ["extra", "stock", "shout", "a: name", "b: tags", "slowly", "c: slowly(times: 2)"]


@st.composite
def selections(draw: st.DrawFn, depth: int = 3) -> str:
    """Selections of a toy, with aliases, fragments and switches."""
    parts = draw(st.lists(st.sampled_from(LEAVES), min_size=1, max_size=6, unique=True))
    parts = [part + draw(st.sampled_from(["", "", "", " @include(if: $yes)", " @skip(if: $yes)"])) for part in parts]
    if depth:
        inner = selections(depth - 1)
        kinds = draw(st.lists(st.integers(0, 5), max_size=2, unique=True))
        for kind in kinds:
            text = draw(inner)
            parts.append(
                [
                    f"children {{ {text} }}",
                    f"few: children(first: 1) {{ {text} }}",
                    f"parent {{ {text} }}",
                    f"... on Toy {{ {text} }}",
                    f"... on Node {{ id ... on Toy {{ {text} }} }}",
                    f"some: children(first: $some) @include(if: $yes) {{ {text} }}",
                ][kind]
            )
    return " ".join(parts)


ROOTS = [
    "plainToys {{ {0} }}",
    "toy(number: 7) {{ {0} }}",
    "toy(number: 0) {{ {0} }}",
    "toys(first: 3) {{ edges {{ cursor colour node {{ {0} }} }} pageInfo {{ endCursor hasNextPage }} }}",
    "toys(first: 2) {{ totalCount nodes {{ {0} }} edges {{ node {{ {0} }} }} }}",
    "anything {{ __typename id ... on Toy {{ {0} }} }}",
    "anything(box: true) {{ id ... on Box {{ toys {{ {0} }} }} }}",
    "everything {{ __typename ... on Box {{ toys {{ {0} }} }} ... on Toy {{ {0} }} }}",
    "holey {{ {0} }}",
]


def unambiguous(query: str) -> bool:
    return not validate(SCHEMA, parse(query))


@settings(deadline=None, max_examples=EXAMPLES)
@given(selection=selections(), root=st.sampled_from(ROOTS), yes=st.booleans(), some=st.integers(1, 3))
async def test_any_query_is_answered_as_by_the_ordinary_executor(
    selection: str, root: str, yes: bool, some: int
) -> None:
    query = "query ($yes: Boolean!, $some: Int!) { " + root.format(selection)
    query += " used: plainToys(count: 0) { name @skip(if: $yes) children(first: $some) { id } } }"
    if not unambiguous(query):
        return
    compiled, ordinary = await both(query, yes=yes, some=some)
    assert compiled == ordinary


# ---------------------------------------------------------------- any values

NUMBERS = [7, 2**31, 2**40, 2**70, 1.5, float("nan"), float("inf"), True]
LISTS = [[], [None], ["a"], ("a",), {}, {"a": [1, {"b": None}]}]
INSTANTS = [toys.FIRST_DAY, toys.FIRST_DAY.replace(tzinfo=None)]
STRANGE = [None, "", "text", "PINK", toys.Colour.RED, b"bytes", object(), ValueError("as a value")]
ODD_VALUES = st.sampled_from([*NUMBERS, *LISTS, *INSTANTS, *STRANGE])
JSON_VALUES = st.sampled_from([7, 1.5, float("nan"), True, *LISTS, None, "null", '"text"', "[1, {}]"])


@settings(deadline=None, max_examples=EXAMPLES)
@given(
    changes=st.dictionaries(st.sampled_from(sorted({*toys.toy(1)} - {"extra"})), ODD_VALUES, max_size=2),
    extra=JSON_VALUES,
    gone=st.booleans(),
)
async def test_any_value_is_completed_or_refused_as_by_the_ordinary_executor(
    changes: dict[str, Any], extra: Any, gone: bool
) -> None:
    row = {**toys.toy(5), **changes, "extra": extra}
    if gone:
        del row["name"]
    kind = SCHEMA.type_map["Toy"]
    everything = "id name maker weight parts wooden madeAt soldOn colour tags extra stock shout"
    query = f"{{ plainToys {{ {everything} }} }}"
    with replaced_toys([toys.toy(1), row]):
        compiled, ordinary = await both(query)
    assert kind is not None
    assert compiled == ordinary


class replaced_toys:  # noqa: N801 - reads as a function
    """While this lasts, `plainToys` gives these rows."""

    def __init__(self, rows: list[Any]) -> None:
        self.rows = rows
        self.field = SCHEMA.query_type.fields["plainToys"]  # type: ignore[union-attr]

    def __enter__(self) -> None:
        self.kept = self.field.resolve
        self.field.resolve = lambda *_, **__: self.rows

    def __exit__(self, *_: object) -> None:
        self.field.resolve = self.kept


async def test_objects_and_rows_can_stand_side_by_side() -> None:
    class Thing:
        def __init__(self, row: dict[str, Any]) -> None:
            self.__dict__.update(row)

    with replaced_toys([toys.toy(1), Thing(toys.toy(2))]):
        compiled, ordinary = await both("{ plainToys { name tags children { id } } }".replace("children { id }", ""))
    assert compiled == ordinary
    assert [row["name"] for row in compiled["data"]["plainToys"]] == ["toy 1", "toy 2"]


async def test_an_awaitable_among_the_values_is_awaited() -> None:
    async def later() -> str:
        return "later"

    plans = Plans()
    query = "{ plainToys { name } }"
    for _ in range(2):
        with replaced_toys([{**toys.toy(1), "name": later()}]):
            result = await run(SCHEMA, query, plans)
        assert result.errors is None
        assert result.data == {"plainToys": [{"name": "later"}]}


# ---------------------------------------------------------------- resolvers and permissions


async def test_a_resolver_is_not_run_again_when_its_result_is_wrong() -> None:
    runs = []
    field = SCHEMA.query_type.fields["plainToys"]  # type: ignore[union-attr]
    kept, field.resolve = field.resolve, lambda *_, **__: runs.append(1) or [{}]
    try:
        result = await run(SCHEMA, "{ plainToys { name } }", Plans())
    finally:
        field.resolve = kept
    assert result.errors
    assert runs == [1]


async def test_a_root_field_that_names_no_permission_is_refused() -> None:
    result = await run(SCHEMA, "{ a: unguarded toy(number: 1) { id } }", Plans())
    assert result.data is None
    assert format_errors(result.errors or (), "r")[0]["extensions"]["code"] == "FORBIDDEN"
