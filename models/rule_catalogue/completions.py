"""What may be written at a place of a rule's text, with the data of the workspace."""

from collections.abc import Callable
from typing import Any, Final

from models import db
from models.errors import Invalid
from models.rule_catalogue import activity_kinds, suggestions
from models.rule_catalogue.loading import load_catalogue
from models.rules.query.completing import MOST, Completion, CompletionKind, Lookup, complete
from models.rules.query.mistakes import SHORT_CHARACTERS
from models.rules.query.printing import segment_by_id, segment_by_name
from models.rules.query.words import name_as_text, quoted
from models.values.texts import escape_like, storable
from permissions.principal import Scope


async def complete_query(
    scope: Scope, text: str, cursor: int, write_segment_id: Callable[[int], str], *, with_values: bool
) -> list[Completion]:
    """At most ten, the best first. `with_values`: also values that contacts have. Raises Invalid at `cursor` or `query`."""
    if len(text) > SHORT_CHARACTERS:
        raise Invalid(f"only texts of up to {SHORT_CHARACTERS:,} characters are completed", ("query",))
    if not 0 <= cursor <= len(text):
        raise Invalid(f"the text has the places 0 to {len(text):,}", ("cursor",))
    words, lookup = complete(text, cursor, await load_catalogue(scope))
    found = [] if lookup is None else await _looked_up(scope, lookup, write_segment_id, with_values)
    return [*found, *words][:MOST]


async def _looked_up(
    scope: Scope, lookup: Lookup, write_segment_id: Callable[[int], str], with_values: bool
) -> list[Completion]:
    match lookup.kind:
        case CompletionKind.SEGMENT:
            return await _segments(scope, lookup, write_segment_id)
        case CompletionKind.ACTIVITY_KIND:
            kinds = await activity_kinds.kinds(scope)
            return [lookup.complete(kind, name_as_text(kind)) for kind in _beginning(kinds, lookup.prefix)]
        case CompletionKind.PROPERTY:
            known = await activity_kinds.properties(scope, lookup.activity_kind)
            return [lookup.complete(name, name_as_text(name)) for name in _beginning(known, lookup.prefix)]
        case _:
            return await _values(scope, lookup) if with_values else []


def _beginning(names: list[str], prefix: str) -> list[str]:
    return [name for name in names if name.lower().startswith(prefix.lower())][:MOST]


async def _values(scope: Scope, lookup: Lookup) -> list[Completion]:
    if lookup.kind is CompletionKind.TAG:
        values: list[Any] = list(await suggestions.suggest_values(scope, "tags", lookup.prefix, MOST))
    elif lookup.field is not None:
        values = list(await suggestions.suggest_values(scope, lookup.field.key, lookup.prefix, MOST))
    else:
        values = await activity_kinds.suggest_property_values(
            scope, lookup.activity_kind, lookup.name, lookup.prefix, MOST
        )
    return [lookup.complete(_written(value), _written(value)) for value in values]


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return quoted(value) if isinstance(value, str) else str(value)


async def _segments(scope: Scope, lookup: Lookup, write_segment_id: Callable[[int], str]) -> list[Completion]:
    rows = await db.fetch(_SEGMENTS, scope.workspace_id, escape_like(storable(lookup.prefix)), MOST)
    return [
        lookup.complete(
            row["name"],
            segment_by_name(row["name"]) if row["alone"] else segment_by_id(write_segment_id(row["id"])),
            f"{row['member_count']:,} members",
        )
        for row in rows
    ]


_SEGMENTS: Final = """
    SELECT s.id, s.name, s.member_count,
           NOT EXISTS (SELECT FROM segments o WHERE o.workspace_id = $1 AND o.deleted_at IS NULL
                       AND lower(o.name) = lower(s.name) AND o.name = s.name AND o.id <> s.id) AS alone
    FROM segments s
    WHERE s.workspace_id = $1 AND s.deleted_at IS NULL AND lower(s.name) LIKE lower($2) || '%'
    ORDER BY lower(s.name), s.id LIMIT $3
"""
