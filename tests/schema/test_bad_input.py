"""Every argument, with wrong and extreme values: the error says what is wrong, and nothing is changed.

Each call of tests/schema/samples.py is repeated with one wrong value at a time. A wrong value gives a user error or BAD_REQUEST,
never INTERNAL and never a timeout.
"""

import copy
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    get_named_type,
    get_nullable_type,
    is_required_argument,
)

from models import db
from permissions.principal import Scope
from schema.server.ids import split_global_id, to_global_id
from schema.server.types.cursors import Cursors
from tests.kit import broadcasts
from tests.kit.api import Api, bearer_of
from tests.kit.workspaces import new_workspace
from tests.schema.test_denials import MUTATIONS, QUERIES, SCHEMA, contents, document, variables_of, with_samples

ValuePath = tuple[str | int, ...]
"""The path of a value in the variables."""

LONG = "x" * 100_001
NUL = "a\x00b"
FOREVER = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z")

EDGE_VALUES: dict[str, Sequence[Any]] = {
    "ID": [
        "",
        "nonsense",
        NUL,
        LONG,
        *(to_global_id("Segment", number) for number in (0, 2**63 - 1)),
        "U2VnbWVudDotMQ",
    ],
    "String": ["", " ", NUL, LONG, "%_\\'\"", "ﷺ" * 300],
    "Int": [-1, 0, 2**31 - 1, -(2**31)],
    "Float": [-1.5, 1e308, 0],
    "BigInt": [-(2**63), 2**63 - 1],
    "Boolean": [True, False],
    "DateTime": FOREVER,
    "Date": [instant[:10] for instant in FOREVER],
    "Duration": ["P0D", "P999999999Y", "PT999999999S", "-P1D", LONG],
    "JSON": [[], {}, NUL, {NUL: 1}, LONG, 2**70, 1e308, True, [[[[[[]]]]]], {"a": [NUL]}],
    "StepCursor": ["", "nonsense", NUL, LONG, "czE6MTow"],
    "ChangeCursor": ["", "nonsense", NUL, LONG, "bTE6MTow"],
}
"""By type, values that are wrong for some argument, or extreme."""


def to_cursor(*key: Any) -> str:
    """A cursor as somebody could write it who had the keys."""
    return urlsafe_b64encode(orjson.dumps(key)).decode()


@pytest.fixture(autouse=True)
def _cursors_are_not_encrypted(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the keys in cursors are wrong, and not only the cursors."""
    monkeypatch.setattr(Cursors, "_decrypted", lambda _, cursor: urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))


PARTS = [None, True, -1, 0, 1.5, 2**63, 2**64 - 1, NUL, "x", "9" * 30, *FOREVER, [], {}]
CURSORS = ["", "x", *map(to_cursor, PARTS), *(to_cursor(part, 1) for part in PARTS)]
CURSORS += [to_cursor(FOREVER[0], part) for part in PARTS]
"""Cursors that no list has."""


# ---------------------------------------------------------------- one wrong value


def edge_values(type_: Any, given: Any, name: str) -> Iterator[tuple[ValuePath, Any]]:
    """The values to put in place of `given`, each with its path below it."""
    if not isinstance(type_, GraphQLNonNull) and given is not None:
        yield (), None
    type_ = get_nullable_type(type_)
    match type_:
        case GraphQLList():
            item = given[0] if given else plausible(type_.of_type)
            yield (), []
            yield (), [item, item]
            yield (), [item] * (1_001 if isinstance(item, dict) else 10_001)
            for path, value in edge_values(type_.of_type, item, name):
                if value is not None or path:
                    yield (), [put(item, path, value)]
        case GraphQLInputObjectType():
            yield (), {}
            for field_name, field in type_.fields.items():
                below = given.get(field_name) if isinstance(given, dict) else None
                if below is not None or not recursive(field):
                    for path, value in edge_values(field.type, below, field_name):
                        yield (field_name, *path), value
        case GraphQLEnumType():
            for value in type_.values:
                yield (), value
        case GraphQLScalarType():
            values = [*EDGE_VALUES[type_.name], *(CURSORS if name == "after" else ())]
            for value in values:
                yield (), value


def recursive(field: GraphQLInputField) -> bool:
    """Whether the type of a field is an input object, which could hold itself without end."""
    return isinstance(get_named_type(field.type), GraphQLInputObjectType)


def plausible(type_: Any) -> Any:
    """A value of a type, to be replaced."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        return {}
    return next(iter(named.values)) if isinstance(named, GraphQLEnumType) else EDGE_VALUES[named.name][0]


def put(whole: Any, path: ValuePath, value: Any) -> Any:
    """A copy of `whole` with another value at one path."""
    if not path:
        return value
    changed = copy.deepcopy(whole) if isinstance(whole, dict | list) else {}
    below = changed.get(path[0]) if isinstance(changed, dict) else changed[path[0]]
    changed[path[0]] = put(below, path[1:], value)
    return changed


def variants(arguments: dict[str, GraphQLArgument], good: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The good variables with one wrong or extreme value; each path and each value."""
    for name, argument in arguments.items():
        for path, value in edge_values(argument.type, good.get(name), name):
            yield put(good, (name, *path), value)
    if "after" in arguments and "orderBy" in arguments:
        for order in get_named_type(arguments["orderBy"].type).values:
            for cursor in CURSORS:
                yield {**good, "orderBy": order, "after": cursor}


# ---------------------------------------------------------------- mutations

REFUSAL_CODES = {"BAD_REQUEST", "COST_EXCEEDED"}


@pytest.fixture(scope="module")
def api() -> Api:
    return Api(SCHEMA)


@pytest.mark.parametrize("name", with_samples(MUTATIONS))
async def test_a_refused_mutation_changes_nothing_and_says_what_is_wrong(api: Api, workspace: Scope, name: str) -> None:
    bearer, field, found = await bearer_of(workspace), MUTATIONS[name], []
    beginnings = path_beginnings(field)
    good = await variables_of(name, workspace)
    before, written = await contents(), await transactions()
    for variables in variants(field.args, good):
        answer = await api.ask(bearer, document("mutation", name, field, variables), **variables)
        found += [(shortened(variables), why) for why in faults_of(answer, name, beginnings)]
        if not is_refused(answer, name):
            good = await good_variables(name, workspace, good)
            before, written = await contents(), await transactions()
        elif await transactions() != written and await contents() != before:
            found.append((shortened(variables), "was refused, but something changed"))
            before = await contents()
    assert not found, "\n".join(map(str, found))


async def transactions() -> int:
    """The id of the next transaction. While it stays, nothing was written."""
    return int(await db.fetch_value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text"))


def is_refused(answer: dict[str, Any], name: str) -> bool:
    return bool(answer.get("errors")) or bool(answer["data"][name]["userErrors"])


def faults_of(answer: dict[str, Any], name: str, beginnings: set[str]) -> Iterator[str]:
    """The faults of an answer to a wrong call."""
    for error in answer.get("errors", []):
        if error["extensions"]["code"] not in REFUSAL_CODES:
            yield f"answered with {shortened(error)}"
    if not answer.get("errors"):
        for error in answer["data"][name]["userErrors"]:
            if not 0 < len(error["message"]) < 2_000:
                yield f"a message of {len(error['message'])} characters: {error['message'][:100]}"
            if error["field"] is not None and error["field"][0] not in beginnings:
                yield f"an unknown field: {error['field']}"


def shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 500 else text[:250] + " ... " + text[-100:]


def path_beginnings(field: GraphQLField) -> set[str]:
    """How the path of an error can begin: with an argument, or a field of the argument `input`."""
    below = get_named_type(field.args["input"].type) if "input" in field.args else None
    fields = below.fields if isinstance(below, GraphQLInputObjectType) else ()
    return {*field.args, *fields, *map(str, range(10_001))}  # in a list of inputs with the index


async def good_variables(name: str, workspace: Scope, good: dict[str, Any]) -> dict[str, Any]:
    """Variables for one more good call, because the last one succeeded."""
    try:
        return await variables_of(name, workspace)
    except Exception:
        return good


# ---------------------------------------------------------------- queries


@pytest.mark.parametrize("name", with_samples(QUERIES))
async def test_a_query_with_wrong_values_is_answered_or_refused(api: Api, workspace: Scope, name: str) -> None:
    bearer, field = await bearer_of(workspace), QUERIES[name]
    good = await variables_of(name, workspace)
    found = []
    for variables in variants(field.args, good):
        answer = await api.ask(bearer, document("query", name, field, variables), **variables)
        found += [(shortened(variables), why) for why in faults_of_query(answer)]
    assert not found, "\n".join(map(str, found))


def faults_of_query(answer: dict[str, Any]) -> Iterator[str]:
    for error in answer.get("errors", []):
        if error["extensions"]["code"] not in REFUSAL_CODES or len(error["message"]) > 2_000:
            yield f"answered with {shortened(error)}"


BELOW = [
    (name, below)
    for name in with_samples(QUERIES)
    if isinstance(get_named_type(QUERIES[name].type), GraphQLObjectType)
    for below, field in get_named_type(QUERIES[name].type).fields.items()
    if field.args
]
"""Root fields, and fields of their types that have arguments."""


@pytest.mark.parametrize(("name", "below"), BELOW)
async def test_a_field_with_wrong_values_is_answered_or_refused(
    api: Api, workspace: Scope, name: str, below: str
) -> None:
    bearer, root = await bearer_of(workspace), QUERIES[name]
    field = get_named_type(root.type).fields[below]
    good = await variables_of(name, workspace)
    needed = {given: plausible(one.type) for given, one in field.args.items() if is_required_argument(one)}
    found = []
    for variables in variants(field.args, needed):
        asked = document_below(name, root, good, below, field, variables)
        answer = await api.ask(bearer, asked, **{f"root_{given}": one for given, one in good.items()}, **variables)
        found += [(shortened(variables), why) for why in faults_of_query(answer)]
    assert not found, "\n".join(map(str, found))


def document_below(
    name: str, root: GraphQLField, good: dict[str, Any], below: str, field: GraphQLField, variables: dict[str, Any]
) -> str:
    """A query for one field below a root field."""
    declared = [f"$root_{given}: {root.args[given].type}" for given in good]
    declared += [f"${given}: {field.args[given].type}" for given in variables]
    first = ", ".join(f"{given}: $root_{given}" for given in good)
    then = ", ".join(f"{given}: ${given}" for given in variables)
    brackets = f"({', '.join(declared)})" if declared else ""
    return f"query {brackets} {{ {name}{f'({first})' if first else ''} {{ {below}({then}) {{ __typename }} }} }}"


# ---------------------------------------------------------------- ids of another workspace


@pytest.mark.parametrize("name", with_samples(MUTATIONS))
async def test_ids_of_another_workspace_are_not_found_in_any_argument(
    api: Api, workspace: Scope, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bearer, field = await bearer_of(workspace), MUTATIONS[name]
    ours = await variables_of(name, workspace)
    monkeypatch.setattr(broadcasts, "BUSINESS_ACCOUNT_ID", "2")
    monkeypatch.setattr(
        broadcasts, "CONNECTION", replace(broadcasts.CONNECTION, number_id="1", business_account_id="2")
    )
    theirs = await variables_of(name, await new_workspace("Somebody else"))
    for path in ids_in(ours):
        variables, before = put(ours, path, at(theirs, path)), await contents()
        answer = await api.ask(bearer, document("mutation", name, field, variables), **variables)
        assert list(faults_of(answer, name, path_beginnings(field))) == [], path
        assert {error["code"] for error in answer["data"][name]["userErrors"]} == {"NOT_FOUND"}, path
        assert await contents() == before, path


def ids_in(value: Any, path: ValuePath = ()) -> Iterator[ValuePath]:
    """The paths of the ids in the variables."""
    if isinstance(value, str) and split_global_id(value) is not None:
        yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from ids_in(part, (*path, key))


def at(whole: Any, path: ValuePath) -> Any:
    return at(whole[path[0]], path[1:]) if path else whole
