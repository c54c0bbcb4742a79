"""Problems with fields, tags and kinds of activities that a graph names."""

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from models import db
from models.contacts import fields as contact_fields
from models.contacts.attributes import Fields, check_value
from models.contacts.built_in_fields import COLUMNS, LONGEST_TAG, check_column
from models.errors import DomainError, Problems
from models.rules.catalogue import BUILT_IN
from models.rules.tree import Field, FieldType
from models.scores import stored
from models.workflows.graph.actions import FieldSet, TagsChange, WaitUntil
from models.workflows.graph.events import ActivityHappened, DateReached, FieldChanged, TagAdded, TagRemoved
from models.workflows.graph.mentions import each_event
from models.workflows.graph.tree import Graph, GraphNode
from models.workflows.problems.problem import Problem, ProblemCode
from permissions.principal import Scope

_DATES = (FieldType.DATE, FieldType.DATETIME)


async def field_problems(scope: Scope, graph: Graph) -> AsyncIterator[Problem]:
    scores = stored.fields_of(await stored.rows_of(scope.workspace_id))
    names = _Names(await contact_fields.load(scope), scope.default_country, scores)
    for problem in _listened(graph, names):
        yield problem
    for node in graph.nodes.values():
        for problem in _of_node(node, names):
            yield problem
    async for problem in _tags(scope, graph):
        yield problem
    async for problem in _kinds(scope, graph):
        yield problem


class _Names:
    """The fields of contacts, built in and custom, and scores, which can be read alone."""

    def __init__(self, custom: Fields, default_country: str | None, scores: Mapping[str, Field]) -> None:
        self.custom = custom
        self.default_country = default_country
        self.types: Mapping[str, FieldType] = {key: field.type for key, field in BUILT_IN.items()} | {
            f"attributes.{key}": field.type for key, field in custom.items()
        }
        self.scores = scores

    def unknown(self, key: str) -> str:
        bare = {known.removeprefix("attributes."): known for known in self.types}
        near = get_close_matches(key[:100].removeprefix("attributes."), bare, 1, cutoff=0.7)
        hint = f': did you mean "{bare[near[0]]}"?' if near else "; ruleFields lists those there are"
        return f'there is no field "{key[:100]}"{hint}'


# ---------------------------------------------------------------- fields that are read


def _listened(graph: Graph, names: _Names) -> Iterator[Problem]:
    for node_key, where, event in each_event(graph):
        if isinstance(event, FieldChanged):
            for key in event.fields:
                if key not in names.types and key not in names.scores and key != "tags":
                    yield Problem(ProblemCode.FIELD_UNKNOWN, f"{where}: {names.unknown(key)}", node_key)
        if isinstance(event, DateReached):
            yield from _date(event.field, names, f"{where}: ", node_key)


def _date(key: str, names: _Names, where: str, node_key: str | None) -> Iterator[Problem]:
    held = names.types.get(key)
    if held is None:
        yield Problem(ProblemCode.FIELD_UNKNOWN, where + names.unknown(key), node_key)
    elif held not in _DATES:
        yield Problem(ProblemCode.FIELD_UNKNOWN, f"{where}{key} is {held}: name a field of dates or instants", node_key)


# ---------------------------------------------------------------- fields that are written


def _of_node(node: GraphNode, names: _Names) -> Iterator[Problem]:
    if isinstance(node.do, WaitUntil) and node.do.field is not None:
        yield from _date(node.do.field, names, "", node.key)
    if isinstance(node.do, TagsChange):
        for tag in (*node.do.add, *node.do.remove):
            if len(tag) > LONGEST_TAG:
                message = f'the tag "{tag[:40]}…" is longer than {LONGEST_TAG} characters'
                yield Problem(ProblemCode.FIELD_VALUE, message, node.key)
    if isinstance(node.do, FieldSet):
        yield from _written(node, node.do, names)


def _written(node: GraphNode, do: FieldSet, names: _Names) -> Iterator[Problem]:
    held = names.types.get(do.field)
    if held is None:
        yield Problem(ProblemCode.FIELD_UNKNOWN, names.unknown(do.field), node.key)
    elif not do.field.startswith("attributes.") and do.field not in COLUMNS:
        yield Problem(ProblemCode.FIELD_UNKNOWN, f"{do.field} cannot be set: it follows from the rest", node.key)
    elif do.increment is not None and held is not FieldType.NUMBER:
        yield Problem(ProblemCode.FIELD_VALUE, f"{do.field} is {held}: only a NUMBER can be incremented", node.key)
    elif do.increment is not None and do.field == "score" and not float(do.increment).is_integer():
        yield Problem(ProblemCode.FIELD_VALUE, "score is a whole number: increment it by one", node.key)
    elif do.now and held not in _DATES:
        yield Problem(ProblemCode.FIELD_VALUE, f"{do.field} is {held}: only a date or instant can become now", node.key)
    elif do.value is not None:
        yield from _value(node, do.field, do.value, names)


def _value(node: GraphNode, key: str, value: Any, names: _Names) -> Iterator[Problem]:
    try:
        if key.startswith("attributes."):
            check_value(names.custom[key.removeprefix("attributes.")], value)
        else:
            check_column(key, value, names.default_country)
    except (DomainError, Problems) as error:
        yield Problem(ProblemCode.FIELD_VALUE, f"{key}: {error}", node.key)


# ---------------------------------------------------------------- hints


async def _tags(scope: Scope, graph: Graph) -> AsyncIterator[Problem]:
    """A trigger for a tag that nobody has may be a slip of the pen."""
    named = [
        (node_key, where, event.tag)
        for node_key, where, event in each_event(graph)
        if isinstance(event, TagAdded | TagRemoved)
    ]
    if not named:
        return
    known = await _known(
        "SELECT lower(given.name) AS key, given.name AS given, t.name AS found FROM unnest($2::text[]) AS given (name)"
        " LEFT JOIN tags t ON t.workspace_id = $1 AND t.key = lower(given.name)",
        scope,
        [tag for _, _, tag in named],
    )
    for node_key, where, tag in named:
        if tag not in known:
            message = f'{where}: no contact has ever been tagged "{tag}"'
            yield Problem(ProblemCode.TAG_UNKNOWN, message, node_key)


async def _kinds(scope: Scope, graph: Graph) -> AsyncIterator[Problem]:
    named = [
        (node_key, where, event.kind)
        for node_key, where, event in each_event(graph)
        if isinstance(event, ActivityHappened)
    ]
    if not named:
        return
    known = await _known(
        "SELECT given.kind AS given, given.kind AS found FROM unnest($2::text[]) AS given (kind)"
        " WHERE EXISTS (SELECT 1 FROM activities a WHERE a.workspace_id = $1 AND a.kind = given.kind)",
        scope,
        [kind for _, _, kind in named],
    )
    for node_key, where, kind in named:
        if kind not in known:
            message = f'{where}: no activity of the kind "{kind}" has been recorded yet'
            yield Problem(ProblemCode.KIND_UNKNOWN, message, node_key)


async def _known(statement: str, scope: Scope, given: Iterable[str]) -> frozenset[str]:
    rows = await db.fetch(statement, scope.workspace_id, list(given))
    return frozenset(row["given"] for row in rows if row["found"] is not None)
