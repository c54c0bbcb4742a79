"""What may come at a position, in words."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from models.rules.catalogue import Catalogue
from models.rules.query.context import Context, Subject, context_of, find_named, operators_after
from models.rules.query.position import Position
from models.rules.query.words import AMONG, COMPARISONS, METRICS, OPERATORS, TAGGED
from models.rules.tree import FieldType

_PHRASES: Final[Mapping[str, Sequence[str]]] = {
    "COMPARISON": tuple(COMPARISONS),
    "AMONG": tuple(AMONG),
    "BETWEEN": ("between",),
    "PRESENCE": ("is set", "is not set"),
    "WITHIN_LAST": ("within last",),
    "WITHIN_NEXT": ("within next",),
    "ANNIVERSARY": ("anniversary within next",),
    "MORE_THAN": ("more than",),
    "DIRECTION": ("ago", "ahead"),
    "TAGGED": ("tagged",),
    "TAGGED_SET": tuple(TAGGED),
    "IN_SEGMENT": ("in segment", "not in segment"),
    "COUNT": ("count(",),
    "SUM": tuple(f"{metric}(" for metric in METRICS if metric not in ("count", "first", "last")),
    "LAST": ("first(", "last("),
    "GROUP": ("all (", "any ("),
    "NOT": ("not",),
    "LPAR": ("(",),
    "COMMA": (",",),
    "RPAR": (")",),
    "WHERE": ("where",),
    "SINCE": ("since",),
    "UNTIL": ("until",),
    "AND": ("and",),
    "OR": ("or",),
}
"""In the order in which they are offered."""

DURATION: Final = "a duration such as 30 days"

VALUES: Final[Mapping[FieldType, str]] = {
    FieldType.TEXT: "a text in quotes",
    FieldType.NUMBER: "a number",
    FieldType.BOOLEAN: "true or false",
    FieldType.DATE: "a date such as 2026-11-30",
    FieldType.DATETIME: "an instant such as 2026-11-30T09:00:00Z",
    FieldType.CHOICE: "a choice in quotes",
    FieldType.MULTI_CHOICE: "a choice in quotes",
}


def expected_at(position: Position, catalogue: Catalogue) -> list[str]:
    """Phrases of the language, and names of what else may come, such as "a field"; never empty."""
    context = context_of(position.tokens)
    return [*_named(position, context, catalogue), *phrases_at(position, context, catalogue)]


def phrases_at(position: Position, context: Context, catalogue: Catalogue) -> list[str]:
    """Words of the language. Operators are those that fit what is compared."""
    fitting = operators_after(context, catalogue)
    return [phrase for phrase in _each_phrase(position) if _fits(phrase, fitting)]


def _each_phrase(position: Position) -> Iterator[str]:
    for terminal, phrases in _PHRASES.items():
        if terminal in position.accepts:
            yield from phrases


def _fits(phrase: str, fitting: frozenset[str] | None) -> bool:
    return fitting is None or phrase not in OPERATORS or OPERATORS[phrase] in fitting


def _named(position: Position, context: Context, catalogue: Catalogue) -> Iterator[str]:
    if position.begins_condition:
        yield "a field"
    elif "NAME" in position.accepts:
        yield "a kind of activity" if context.kind is None else "a property"
    elif "QUOTED" in position.accepts:
        yield "the id of a segment in quotes" if context.is_id else "the name of a segment in quotes"
    if "DURATION" in position.accepts:
        yield DURATION
    if "VALUE" in position.accepts:
        yield value_in_words(position, context, catalogue)


def value_in_words(position: Position, context: Context, catalogue: Catalogue) -> str:
    """What kind of value is compared with what stands before the position."""
    if position.tokens[-1].type in ("SINCE", "UNTIL"):
        return VALUES[FieldType.DATETIME]
    match context.subject:
        case Subject.FIELD:
            field = find_named(catalogue, context.name)
            return VALUES[field.type] if field else "a value"
        case Subject.TAGS:
            return "a tag in quotes"
        case Subject.METRIC:
            moments = ("FIRST_OCCURRED", "LAST_OCCURRED")
            return VALUES[FieldType.DATETIME if context.metric in moments else FieldType.NUMBER]
        case _:
            return "a text in quotes, a number, true or false"
