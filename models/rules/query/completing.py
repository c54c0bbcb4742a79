"""What may be written at a place of a text, as far as it is known without the data of the workspace."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from models.rules.catalogue import Catalogue
from models.rules.query.context import Subject, context_of, find_named, is_temporal, short_key
from models.rules.query.expecting import phrases_at
from models.rules.query.place import Place, find_place
from models.rules.query.position import find_position
from models.rules.query.words import AMONG, OPERATORS, TAGGED, UNITS, phrase_of, quoted
from models.rules.tree import Field, FieldType

MOST: Final = 10
FIELDS_FIRST: Final = 5
"""Fields that are offered where nothing is typed yet, so that there is room for words of the language."""

_FIRST_WORDS: Final = ("tagged any", "in segment", "count(", "last(", "not")
"""Words with which conditions begin, offered where nothing is typed yet."""

_FOR_TIMES: Final = ("within last", "more than", "within next", "anniversary within next", "between", "<", ">")
"""Come first after a field or a metric that is a day or an instant."""

SOME_DURATIONS: Final = ("7 days", "30 days", "90 days", "12 months")


class CompletionKind(StrEnum):
    FIELD = "FIELD"
    OPERATOR = "OPERATOR"
    VALUE = "VALUE"
    KEYWORD = "KEYWORD"
    SEGMENT = "SEGMENT"
    TAG = "TAG"
    ACTIVITY_KIND = "ACTIVITY_KIND"
    PROPERTY = "PROPERTY"


@dataclass(frozen=True, slots=True)
class Completion:
    """`insert` takes the place of the characters from `start` to `end`."""

    kind: CompletionKind
    label: str
    insert: str
    start: int
    end: int
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Lookup:
    """What the data of the workspace would complete: values that begin with `prefix`.

    A VALUE is of `field`, or else of the property `name` of activities of `activity_kind`, as a PROPERTY is.
    """

    kind: CompletionKind
    prefix: str
    start: int
    end: int
    field: Field | None = None
    activity_kind: str = ""
    name: str = ""

    def complete(self, value: str, insert: str, detail: str | None = None) -> Completion:
        return Completion(self.kind, value, insert, self.start, self.end, detail)


def complete(text: str, cursor: int, catalogue: Catalogue) -> tuple[list[Completion], Lookup | None]:
    """At most MOST, the best first; a Lookup when the data would add to them."""
    place = find_place(text, cursor)
    found = [*_of_catalogue(place, catalogue), *_phrases(place, catalogue), *_longer(place, catalogue)]
    ranked = sorted((one for one in found if _rank(one, place) < 2), key=lambda one: _rank(one, place))
    return ranked[:MOST], _lookup(place, catalogue)


# ---------------------------------------------------------------- candidates


def _phrases(place: Place, catalogue: Catalogue) -> Iterator[Completion]:
    phrases = phrases_at(place.position, place.context, catalogue)
    if place.position.begins_condition and not place.typed:
        phrases = [phrase for phrase in _FIRST_WORDS if phrase in phrases]
    elif is_temporal(place.context, catalogue):
        phrases = [*(one for one in _FOR_TIMES if one in phrases), *(one for one in phrases if one not in _FOR_TIMES)]
    return (_phrase(phrase, place.start, place.end) for phrase in phrases)


def _phrase(phrase: str, start: int, end: int) -> Completion:
    kind = CompletionKind.OPERATOR if phrase in OPERATORS else CompletionKind.KEYWORD
    insert = f"{phrase} (" if phrase in AMONG or phrase in TAGGED else phrase
    return Completion(kind, phrase, insert, start, end)


def _longer(place: Place, catalogue: Catalogue) -> Iterator[Completion]:
    """Phrases that begin with the word before: `tagged any` after `tagged`."""
    if not place.position.tokens:
        return
    last = place.position.tokens[-1]
    start = last.start_pos or 0
    before = find_position(place.head[:start])
    for phrase in phrases_at(before, context_of(before.tokens), catalogue):
        if phrase.startswith(f"{phrase_of(last)} "):
            yield _phrase(phrase, start, place.end)


def _of_catalogue(place: Place, catalogue: Catalogue) -> Iterator[Completion]:
    accepts = place.position.accepts
    if place.position.begins_condition:
        yield from _fields(place, catalogue)
    if "DURATION" in accepts:
        yield from _durations(place)
    if "VALUE" in accepts and place.context.subject is Subject.FIELD:
        field = find_named(catalogue, place.context.name)
        values = () if field is None else _choices(field)
        yield from (Completion(CompletionKind.VALUE, one, one, place.start, place.end) for one in values)


def _fields(place: Place, catalogue: Catalogue) -> Iterator[Completion]:
    fields = catalogue.fields()
    for field in fields if place.typed else fields[:FIELDS_FIRST]:
        key = short_key(field, catalogue)
        detail = f"{field.label} ({field.type})"
        yield Completion(CompletionKind.FIELD, key, key, place.start, place.end, detail)


def _choices(field: Field) -> Iterable[str]:
    if field.type is FieldType.BOOLEAN:
        return ("true", "false")
    return map(quoted, field.choices or ())


def _durations(place: Place) -> Iterator[Completion]:
    number = re.match(r"\d+", place.typed)
    texts = SOME_DURATIONS if number is None else [f"{number[0]} {unit}" for unit in UNITS]
    return (Completion(CompletionKind.VALUE, text, text, place.start, place.end) for text in texts)


# ---------------------------------------------------------------- what fits


def _rank(completion: Completion, place: Place) -> int:
    """0: it begins with what was typed; 1: a word of it, or of its detail, does; 2: it does not fit."""
    typed = phrase_of(place.head[completion.start :]).lstrip("'\"")
    label = completion.label.lower().lstrip("'")
    if label.startswith(typed):
        return 0
    words = re.split(r"[\W_]+", f"{label} {(completion.detail or '').lower()}")
    return 1 if any(word.startswith(typed) for word in words) else 2


def _lookup(place: Place, catalogue: Catalogue) -> Lookup | None:
    accepts, context = place.position.accepts, place.context
    found = Lookup(CompletionKind.VALUE, place.prefix, place.start, place.end)
    if "NAME" in accepts and not place.position.begins_condition:
        if context.kind is None:
            return replace(found, kind=CompletionKind.ACTIVITY_KIND)
        return replace(found, kind=CompletionKind.PROPERTY, activity_kind=context.kind)
    if "QUOTED" in accepts and context.subject is Subject.SEGMENT:
        return replace(found, kind=CompletionKind.SEGMENT)
    if "VALUE" not in accepts:
        return None
    match context.subject:
        case Subject.TAGS:
            return replace(found, kind=CompletionKind.TAG)
        case Subject.PROPERTY if context.kind is not None:
            return replace(found, activity_kind=context.kind, name=context.name)
        case Subject.FIELD:
            field = find_named(catalogue, context.name)
            return replace(found, field=field) if field is not None and field.type is FieldType.TEXT else None
        case _:
            return None
