"""graphql-core and strawberry still have what we use of them without a promise: names, signatures and behaviour.

The lists are in tests/kit/library_contract.py; tests/architecture/test_library_contract.py finds uses that they do not have.
"""

import importlib
import inspect
from collections.abc import AsyncIterator
from enum import Enum
from typing import Any, Final

import graphql
import pytest
import strawberry
from graphql import ExecutionResult, GraphQLError, GraphQLField, parse
from graphql.execution import Executor, create_source_event_stream
from graphql.execution.collect_fields import FragmentDetails, collect_fields, collect_subfields
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, coerce_argument, get_argument_values, get_variable_values
from graphql.pyutils import Path as ResponsePath
from strawberry.resolvers import is_default_resolver
from strawberry.schema import schema_converter
from strawberry.types.base import StrawberryMaybe

from tests.kit.library_contract import EXECUTOR_ATTRIBUTES, EXECUTOR_METHODS, OTHER_NAMES, SIGNATURES, TUPLES


class Size(Enum):
    SMALL = "s"


@strawberry.input
class Parcel:
    weight: int = 1


@strawberry.type
class Thing:
    name: str


def echo(info: strawberry.Info, size_of: strawberry.enum(Size) | None = None, parcel: Parcel | None = None) -> str:  # type: ignore[valid-type]
    return f"{size_of} {parcel} {info.context}"


def edit(maybe: strawberry.Maybe[str]) -> str:
    return str(maybe)


@strawberry.type
class Query:
    thing: Thing | None
    number: int
    echo: str = strawberry.field(resolver=echo, metadata={"a": 1})
    edit: str = strawberry.field(resolver=edit)


DESCRIBED: Final = strawberry.Schema(Query)
SCHEMA: Final = DESCRIBED._schema
TEXT: Final = graphql.build_schema("""
    interface Named { name: String }
    type Cat implements Named { name: String  lives: Int! }
    type Query { cat: Cat  named: Named  cats: [Cat]  greet(to: String = "all", count: Int): String }
    type Subscription { tick: Int }
""")


def parameters(function: Any) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


def executor(query: str, root: Any = None, kind: type[Executor] = Executor) -> Executor:
    built = kind.build(TEXT, parse(query), root_value=root)
    assert isinstance(built, kind)
    return built


# ---------------------------------------------------------------- names and signatures


@pytest.mark.parametrize(("module", "name"), SIGNATURES)
def test_a_function_takes_the_arguments_that_are_passed(module: str, name: str) -> None:
    expected = SIGNATURES[module, name].split()
    assert parameters(getattr(importlib.import_module(module), name))[: len(expected)] == expected


@pytest.mark.parametrize(("module", "name"), TUPLES)
def test_a_tuple_has_the_fields_that_are_read(module: str, name: str) -> None:
    expected = TUPLES[module, name].split()
    assert list(getattr(importlib.import_module(module), name)._fields)[: len(expected)] == expected


@pytest.mark.parametrize(("module", "name"), sorted(OTHER_NAMES))
def test_a_name_is_where_it_is_imported_from(module: str, name: str) -> None:
    assert hasattr(importlib.import_module(module), name)


@pytest.mark.parametrize("name", EXECUTOR_METHODS)
def test_a_method_of_the_executor_takes_the_arguments_that_are_passed(name: str) -> None:
    expected = EXECUTOR_METHODS[name].split()
    assert parameters(getattr(Executor, name))[: len(expected)] == expected


def test_the_executor_keeps_what_it_executes_in_its_attributes() -> None:
    assert vars(executor("{ cat { name } }")).keys() >= EXECUTOR_ATTRIBUTES


# ---------------------------------------------------------------- behaviour of graphql-core


class Recorder(Executor[None]):
    """Records the fields and values that go through the overridden methods."""

    def execute_field(
        self, parent_type: Any, source: Any, field_details_list: Any, path: Any, position_context: Any
    ) -> Any:
        self.__dict__.setdefault("fields", []).append((path.as_list(), path.prev is None))
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    def complete_value(self, return_type: Any, details: Any, info: Any, path: Any, result: Any, position: Any) -> Any:
        self.__dict__.setdefault("values", []).append((str(return_type), result))
        return super().complete_value(return_type, details, info, path, result, position)


def test_every_field_and_value_goes_through_the_overridden_methods() -> None:
    cat = {"name": "Tom"}
    recorder = executor("{ cat { name } }", {"cat": cat}, Recorder)
    assert recorder.execute_operation() == ExecutionResult({"cat": cat}, None)
    assert vars(recorder)["fields"] == [(["cat"], True), (["cat", "name"], False)]
    assert vars(recorder)["values"] == [("Cat", cat), ("String", "Tom")]


def test_an_error_of_a_nullable_field_is_kept_and_one_of_a_non_null_field_is_raised() -> None:
    run = executor("{ cat { lives } }")
    definition = TEXT.query_type.fields["cat"]  # type: ignore[union-attr]
    (details,) = collect_fields(
        TEXT, {}, run.variable_values, TEXT.query_type, run.operation
    ).grouped_field_set.values()  # type: ignore[arg-type]
    path = ResponsePath(None, "cat", "Query")
    run.handle_field_error(ValueError("no cat"), definition.type, details, path)
    assert [(error.message, error.path) for error in run.collected_errors.errors] == [("no cat", ["cat"])]
    with pytest.raises(GraphQLError, match="no lives"):
        run.handle_field_error(ValueError("no lives"), TEXT.type_map["Cat"].fields["lives"].type, details, path)  # type: ignore[attr-defined]


def test_resolve_info_has_what_resolvers_read() -> None:
    run = executor("{ cat { name } }")
    node = run.operation.selection_set.selections[0]
    definition = TEXT.query_type.fields["cat"]  # type: ignore[union-attr]
    info = run.build_resolve_info(definition, [node], TEXT.query_type, ResponsePath(None, "cat", "Query"))  # type: ignore[list-item, arg-type]
    assert list(info.field_nodes) == [node]
    assert (info.fragments, info.variable_values) == ({}, run.variable_values)


def test_an_executor_of_one_event_is_a_copy_with_errors_of_its_own() -> None:
    run = executor("subscription { tick }", kind=Recorder)
    run.plans = "kept"  # type: ignore[attr-defined]
    copy = run.build_per_event_executor({"tick": 7})
    assert (type(copy), vars(copy)["plans"]) == (Recorder, "kept")
    assert copy.collected_errors is not run.collected_errors
    assert copy.execute_operation(False) == ExecutionResult({"tick": 7}, None)


async def test_the_source_of_a_subscription_is_an_iterator_or_the_error() -> None:
    async def ticks(_info: Any) -> AsyncIterator[int]:
        yield 1

    source: Any = create_source_event_stream(executor("subscription { tick }", {"tick": ticks}))
    assert [event async for event in source] == [1]
    await source.aclose()

    def broken(_info: Any) -> None:
        raise ValueError("no clock")

    failed = create_source_event_stream(executor("subscription { tick }", {"tick": broken}))
    assert isinstance(failed, ExecutionResult)
    assert [error.message for error in failed.errors or ()] == ["no clock"]


def test_fields_are_collected_by_response_key_with_their_nodes() -> None:
    document = parse("{ a: cat { name ...F } } fragment F on Cat { lives }")
    run = executor(graphql.print_ast(document))
    fragments = {"F": FragmentDetails(document.definitions[1])}  # type: ignore[arg-type]
    root: Any = TEXT.query_type
    grouped = collect_fields(TEXT, fragments, run.variable_values, root, run.operation).grouped_field_set
    assert [(key, details[0].node.name.value) for key, details in grouped.items()] == [("a", "cat")]
    cat: Any = TEXT.type_map["Cat"]
    below, defer_usages, _ = collect_subfields(TEXT, fragments, run.variable_values, run.operation, cat, grouped["a"])
    assert (list(below), defer_usages) == (["name", "lives"], [])


def test_arguments_are_coerced_into_the_dictionary_or_left_out() -> None:
    run = executor('{ greet(to: "you") }')
    node: Any = run.operation.selection_set.selections[0]
    greet = TEXT.query_type.fields["greet"]  # type: ignore[union-attr]
    coerced: dict[str, Any] = {}
    coerce_argument(coerced, node, "to", greet.args["to"], node.arguments[0], None, None)
    coerce_argument(coerced, node, "count", greet.args["count"], None, None, None)
    assert coerced == {"to": "you"}
    assert get_argument_values(greet, node, run.variable_values) == {"to": "you"}


def test_variables_are_coerced_to_values_or_errors() -> None:
    nodes = parse("query ($a: Int!) { __typename }").definitions[0].variable_definitions  # type: ignore[attr-defined]
    signature: Any = get_variable_signature(TEXT, nodes[0])
    assert (signature.name, str(signature.type)) == ("a", "Int!")
    values = get_variable_values(TEXT, nodes, {"a": 1}, max_errors=5)
    assert isinstance(values, VariableValues)
    assert values.coerced == {"a": 1}
    assert isinstance(get_variable_values(TEXT, nodes, {"a": "x"}, max_errors=5), list)
    assert VariableValues({}, {})  # an empty one must be true: `values or ...` chooses between it and None


@pytest.mark.parametrize(
    ("query", "root", "message"),
    [
        ("{ named { name } }", {"named": object()}, "Abstract type"),
        ("{ named { name } }", {"named": {"__typename": "Query"}}, "Runtime Object type"),
        ("{ cats { name } }", {"cats": 7}, "Expected Iterable"),
    ],
)
def test_the_error_of_a_wrong_value_begins_with_a_known_message(query: str, root: Any, message: str) -> None:
    result = executor(query, root).execute_operation()
    assert isinstance(result, ExecutionResult)
    assert [error.message[: len(message)] for error in result.errors or ()] == [message]


# ---------------------------------------------------------------- behaviour of strawberry


def field(name: str) -> GraphQLField:
    return SCHEMA.query_type.fields[name]  # type: ignore[union-attr]


def test_a_field_has_its_definition_with_metadata_and_its_python_name() -> None:
    described = field("echo").extensions["strawberry-definition"]
    assert (described.metadata, described.python_name, described.extensions) == ({"a": 1}, "echo", [])


def test_an_argument_has_its_definition_with_its_python_name_and_type() -> None:
    described = field("echo").args["sizeOf"].extensions["strawberry-definition"]
    assert described.python_name == "size_of"
    assert isinstance(field("edit").args["maybe"].extensions["strawberry-definition"].type, StrawberryMaybe)


def test_an_input_type_knows_whether_it_takes_exactly_one_member() -> None:
    assert SCHEMA.type_map["Parcel"].extensions["strawberry-definition"].is_one_of is False


def test_a_field_without_a_resolver_has_the_default_one() -> None:
    assert is_default_resolver(field("number").resolve)  # type: ignore[arg-type]
    assert not is_default_resolver(field("echo").resolve)  # type: ignore[arg-type]


def test_resolvers_are_made_by_the_schema_converter() -> None:
    assert field("echo").resolve.__module__ == schema_converter.__name__  # type: ignore[union-attr]


def test_an_enum_has_raw_values_by_name_and_its_arguments_are_members() -> None:
    kind: Any = SCHEMA.type_map["Size"]
    assert {name: definition.value for name, definition in kind.values.items()} == {"SMALL": "s"}
    assert (kind.coerce_output_value(Size.SMALL), kind.coerce_output_value("s")) == ("SMALL", "SMALL")
    assert kind.coerce_input_value("SMALL") is Size.SMALL


def test_info_is_made_of_graphql_cores_info_and_the_field() -> None:
    run = executor("{ cat { name } }")
    node: Any = run.operation.selection_set.selections[0]
    raw = run.build_resolve_info(field("echo"), [node], SCHEMA.query_type, ResponsePath(None, "echo", "Query"))  # type: ignore[arg-type]
    info = strawberry.Info(raw, field("echo").extensions["strawberry-definition"])
    assert info._raw_info is raw
    assert info.context is raw.context


def test_a_type_has_its_definition_with_its_name() -> None:
    assert Thing.__strawberry_definition__.name == "Thing"  # type: ignore[attr-defined]
