"""Warnings about a rule that can run, but names what was never recorded: perhaps a typing error."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from models import db
from models.errors import Path
from models.rule_catalogue import activity_kinds
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class RuleWarning:
    """`path` begins as the paths of errors do."""

    path: Path
    message: str


@dataclass(frozen=True, slots=True)
class _Named:
    """A property, or the kind itself (`name` None), of an activity condition."""

    path: Path
    kind: str
    name: str | None = None


async def rule_warnings(scope: Scope, rule_json: object, path: Path = ("rule",)) -> list[RuleWarning]:
    """Of a checked rule (JSON): kinds of activity that no contact has, and properties that recent ones lack."""
    named = list(_each_name(rule_json, path))
    kinds = {one.kind for one in named}
    recorded = {row["kind"] for row in await db.fetch(_RECORDED, scope.workspace_id, list(kinds))}
    known = await activity_kinds.kinds(scope) if kinds - recorded else []
    properties = {kind: await activity_kinds.properties(scope, kind) for kind in _with_properties(named) & recorded}
    warnings = (_warning(one, recorded, known, properties) for one in named)
    return [warning for warning in warnings if warning is not None]


def _each_name(node: Any, path: Path) -> Iterator[_Named]:
    for group in ("all", "any"):
        for index, part in enumerate(node.get(group) or ()):
            yield from _each_name(part, (*path, group, str(index)))
    if node.get("not") is not None:
        yield from _each_name(node["not"], (*path, "not"))
    activity = node.get("activity")
    if activity is not None:
        yield from _names_of(activity, (*path, "activity"))


def _names_of(activity: Mapping[str, Any], path: Path) -> Iterator[_Named]:
    kind = activity["kind"]
    yield _Named((*path, "kind"), kind)
    if activity.get("property") is not None:
        yield _Named((*path, "property"), kind, activity["property"])
    for index, part in enumerate(activity.get("where") or ()):
        yield _Named((*path, "where", str(index), "property"), kind, part["property"])


def _with_properties(named: Sequence[_Named]) -> set[str]:
    return {one.kind for one in named if one.name is not None}


def _warning(
    one: _Named, recorded: set[str], kinds: Sequence[str], properties: Mapping[str, Sequence[str]]
) -> RuleWarning | None:
    if one.name is None:
        if one.kind in recorded:
            return None
        return RuleWarning(one.path, f'no activity "{one.kind}" was ever recorded{_near(one.kind, kinds)}')
    if one.kind not in recorded or one.name in properties[one.kind]:
        return None
    where = f'none of the last {activity_kinds.NEWEST:,} activities "{one.kind}"'
    return RuleWarning(one.path, f'{where} has a property "{one.name}"{_near(one.name, properties[one.kind])}')


def _near(name: str, known: Sequence[str]) -> str:
    near = get_close_matches(name, known, 1, cutoff=0.7)
    return f': did you mean "{near[0]}"?' if near else ""


# ---------------------------------------------------------------- what there is

_RECORDED: Final = """
    SELECT kind FROM unnest($2::text[]) AS wanted (kind)
    WHERE EXISTS (SELECT 1 FROM activities a WHERE a.workspace_id = $1 AND a.kind = wanted.kind)
"""
