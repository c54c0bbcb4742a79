"""What is wrong in a call is told, whatever it is and wherever it stands, and nothing was changed then. Every argument there is.

Each call of tests/schema/samples.py is made again and again with one thing wrong in it. What is wrong is told by a user error
or a BAD_REQUEST: nothing that a caller can send is our fault, or takes too long.
"""

import copy
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from typing import Any

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
from schema.server.types.cursors import to_cursor
from tests.kit import broadcasts
from tests.kit.api import Api, bearer_of
from tests.kit.workspaces import new_workspace
from tests.schema.samples import nobody_works
from tests.schema.test_denials import MUTATIONS, QUERIES, SCHEMA, contents, document, variables_of, with_samples

Steps = tuple[str | int, ...]
"""Where in the variables."""

LONG = "x" * 100_001
NUL = "a\x00b"
FOREVER = ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z")

ODD: dict[str, Sequence[Any]] = {
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
    "Date": [moment[:10] for moment in FOREVER],
    "Duration": ["P0D", "P999999999Y", "PT999999999S", "-P1D", LONG],
    "JSON": [[], {}, NUL, {NUL: 1}, LONG, 2**70, 1e308, True, [[[[[[]]]]]], {"a": [NUL]}],
    "ChangeCursor": ["", "nonsense", NUL, LONG, "bTE6MTow"],
}
"""By type, values that some argument of it must not take, or take for an extreme."""

PARTS = [None, True, -1, 0, 1.5, 2**63, 2**64 - 1, NUL, "x", "9" * 30, *FOREVER, [], {}]
CURSORS = [to_cursor(part) for part in PARTS] + [to_cursor(part, 1) for part in PARTS]
CURSORS += [to_cursor(FOREVER[0], part) for part in PARTS]
"""Cursors that no list ever gave."""


def with_order(order: str) -> list[str]:
    """Cursors of a list in that order that it never gave."""
    return [to_cursor(order, part, 1) for part in PARTS] + [to_cursor(order, FOREVER[0], part) for part in PARTS]


# ---------------------------------------------------------------- one thing wrong


def odd_values(type_: Any, given: Any, name: str) -> Iterator[tuple[Steps, Any]]:
    """What can be put in place of `given`, and where below it."""
    if not isinstance(type_, GraphQLNonNull) and given is not None:
        yield (), None
    type_ = get_nullable_type(type_)
    match type_:
        case GraphQLList():
            item = given[0] if given else plausible(type_.of_type)
            yield (), []
            yield (), [item, item]
            yield (), [item] * (1_001 if isinstance(item, dict) else 10_001)
            for steps, value in odd_values(type_.of_type, item, name):
                if value is not None or steps:
                    yield (), [put(item, steps, value)]
        case GraphQLInputObjectType():
            yield (), {}
            for field_name, field in type_.fields.items():
                below = given.get(field_name) if isinstance(given, dict) else None
                if below is not None or not recursive(field):
                    for steps, value in odd_values(field.type, below, field_name):
                        yield (field_name, *steps), value
        case GraphQLEnumType():
            for value in type_.values:
                yield (), value
        case GraphQLScalarType():
            values = [*ODD[type_.name], *(CURSORS if name == "after" else ())]
            for value in values:
                yield (), value


def recursive(field: GraphQLInputField) -> bool:
    """Whether a field that was not given could hold its like."""
    return isinstance(get_named_type(field.type), GraphQLInputObjectType)


def plausible(type_: Any) -> Any:
    """Something of a type, so that there is something to spoil."""
    named = get_named_type(type_)
    if isinstance(named, GraphQLInputObjectType):
        return {}
    return next(iter(named.values)) if isinstance(named, GraphQLEnumType) else ODD[named.name][0]


def put(whole: Any, steps: Steps, value: Any) -> Any:
    """A copy of `whole` with something else in one place."""
    if not steps:
        return value
    changed = copy.deepcopy(whole) if isinstance(whole, dict | list) else {}
    below = changed.get(steps[0]) if isinstance(changed, dict) else changed[steps[0]]
    changed[steps[0]] = put(below, steps[1:], value)
    return changed


def spoiled(arguments: dict[str, GraphQLArgument], good: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The good variables with one thing wrong, or odd, in them; each place and each way."""
    for name, argument in arguments.items():
        for steps, value in odd_values(argument.type, good.get(name), name):
            yield put(good, (name, *steps), value)
    if "after" in arguments and "orderBy" in arguments:
        for order in get_named_type(arguments["orderBy"].type).values:
            for cursor in with_order(order):
                yield {**good, "orderBy": order, "after": cursor}


# ---------------------------------------------------------------- told, and nothing changed

TOLD = {"BAD_REQUEST", "COST_EXCEEDED"}


@pytest.fixture(scope="module")
def api() -> Api:
    return Api(SCHEMA)


@pytest.fixture(autouse=True)
async def _alone() -> AsyncIterator[None]:
    """What a sample set to work does not change what another test looks at."""
    yield
    await nobody_works()


@pytest.mark.parametrize("name", with_samples(MUTATIONS))
async def test_a_mutation_that_refuses_changes_nothing_and_says_what_is_wrong(
    api: Api, workspace: Scope, name: str
) -> None:
    bearer, field, found = await bearer_of(workspace), MUTATIONS[name], []
    beginnings = places(field)
    good = await variables_of(name, workspace)
    before, written = await contents(), await transactions()
    for variables in spoiled(field.args, good):
        answer = await api.ask(bearer, document("mutation", name, field, variables), **variables)
        found += [(shortened(variables), why) for why in amiss(answer, name, beginnings)]
        if not is_refused(answer, name):
            good = await again(name, workspace, good)
            before, written = await contents(), await transactions()
        elif await transactions() != written and await contents() != before:
            found.append((shortened(variables), "was refused, and yet something changed"))
            before = await contents()
    assert not found, "\n".join(map(str, found))


async def transactions() -> int:
    """How many have written something, or were about to: where there is none more, nothing has changed."""
    return int(await db.fetch_value("SELECT pg_snapshot_xmax(pg_current_snapshot())::text"))


def is_refused(answer: dict[str, Any], name: str) -> bool:
    return bool(answer.get("errors")) or bool(answer["data"][name]["userErrors"])


def amiss(answer: dict[str, Any], name: str, beginnings: set[str]) -> Iterator[str]:
    """What is wrong with an answer, whatever was wrong with the question."""
    for error in answer.get("errors", []):
        if error["extensions"]["code"] not in TOLD:
            yield f"answered with {shortened(error)}"
    if not answer.get("errors"):
        for error in answer["data"][name]["userErrors"]:
            if not 0 < len(error["message"]) < 2_000:
                yield f"told in {len(error['message'])} characters: {error['message'][:100]}"
            if error["field"] is not None and error["field"][0] not in beginnings:
                yield f"told in the wrong place: {error['field']}"


def shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) < 500 else text[:250] + " ... " + text[-100:]


def places(field: GraphQLField) -> set[str]:
    """Where an error's path can begin: with an argument, or a part of the argument `input`."""
    below = get_named_type(field.args["input"].type) if "input" in field.args else None
    fields = below.fields if isinstance(below, GraphQLInputObjectType) else ()
    return {*field.args, *fields, *map(str, range(10_001))}  # a list of inputs begins with a place in it


async def again(name: str, workspace: Scope, good: dict[str, Any]) -> dict[str, Any]:
    """A good call once more, when the last one went well and used it up."""
    try:
        return await variables_of(name, workspace)
    except Exception:
        return good


# ---------------------------------------------------------------- asked in vain


@pytest.mark.parametrize("name", with_samples(QUERIES))
async def test_a_query_is_answered_or_refused_whatever_it_is_asked(api: Api, workspace: Scope, name: str) -> None:
    bearer, field = await bearer_of(workspace), QUERIES[name]
    good = await variables_of(name, workspace)
    found = []
    for variables in spoiled(field.args, good):
        answer = await api.ask(bearer, document("query", name, field, variables), **variables)
        found += [(shortened(variables), why) for why in refused_badly(answer)]
    assert not found, "\n".join(map(str, found))


def refused_badly(answer: dict[str, Any]) -> Iterator[str]:
    for error in answer.get("errors", []):
        if error["extensions"]["code"] not in TOLD or len(error["message"]) > 2_000:
            yield f"answered with {shortened(error)}"


BELOW = [
    (name, below)
    for name in with_samples(QUERIES)
    if isinstance(get_named_type(QUERIES[name].type), GraphQLObjectType)
    for below, field in get_named_type(QUERIES[name].type).fields.items()
    if field.args
]
"""Fields with arguments of the things that a root field gives."""


@pytest.mark.parametrize(("name", "below"), BELOW)
async def test_so_is_a_field_below(api: Api, workspace: Scope, name: str, below: str) -> None:
    bearer, root = await bearer_of(workspace), QUERIES[name]
    field = get_named_type(root.type).fields[below]
    good = await variables_of(name, workspace)
    needed = {given: plausible(one.type) for given, one in field.args.items() if is_required_argument(one)}
    found = []
    for variables in spoiled(field.args, needed):
        asked = document_below(name, root, good, below, field, variables)
        answer = await api.ask(bearer, asked, **{f"root_{given}": one for given, one in good.items()}, **variables)
        found += [(shortened(variables), why) for why in refused_badly(answer)]
    assert not found, "\n".join(map(str, found))


def document_below(
    name: str, root: GraphQLField, good: dict[str, Any], below: str, field: GraphQLField, variables: dict[str, Any]
) -> str:
    """A query for one field of the thing that a root field gives."""
    declared = [f"$root_{given}: {root.args[given].type}" for given in good]
    declared += [f"${given}: {field.args[given].type}" for given in variables]
    first = ", ".join(f"{given}: $root_{given}" for given in good)
    then = ", ".join(f"{given}: ${given}" for given in variables)
    brackets = f"({', '.join(declared)})" if declared else ""
    return f"query {brackets} {{ {name}{f'({first})' if first else ''} {{ {below}({then}) {{ __typename }} }} }}"


# ---------------------------------------------------------------- one foreign thing among one's own


@pytest.mark.parametrize("name", with_samples(MUTATIONS))
async def test_what_belongs_to_another_workspace_is_not_there_wherever_it_is_named(
    api: Api, workspace: Scope, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bearer, field = await bearer_of(workspace), MUTATIONS[name]
    ours = await variables_of(name, workspace)
    monkeypatch.setattr(broadcasts, "BUSINESS_ACCOUNT_ID", "2")
    monkeypatch.setattr(
        broadcasts, "CONNECTION", replace(broadcasts.CONNECTION, number_id="1", business_account_id="2")
    )
    theirs = await variables_of(name, await new_workspace("Somebody else"))
    for steps in ids_in(ours):
        variables, before = put(ours, steps, at(theirs, steps)), await contents()
        answer = await api.ask(bearer, document("mutation", name, field, variables), **variables)
        assert list(amiss(answer, name, places(field))) == [], steps
        assert {error["code"] for error in answer["data"][name]["userErrors"]} == {"NOT_FOUND"}, steps
        assert await contents() == before, steps


def ids_in(value: Any, steps: Steps = ()) -> Iterator[Steps]:
    """Where in the variables the ids of things are."""
    if isinstance(value, str) and split_global_id(value) is not None:
        yield steps
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from ids_in(part, (*steps, key))


def at(whole: Any, steps: Steps) -> Any:
    return at(whole[steps[0]], steps[1:]) if steps else whole
