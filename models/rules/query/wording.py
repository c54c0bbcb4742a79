"""A mistake that the check of a rule found, in the words of the text and with its place there."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final

from models.errors import DomainError, LimitExceeded, NotFound, Unsupported
from models.rules.catalogue import NUMERIC, OPERATORS, TEMPORAL, Catalogue
from models.rules.check import MAX_HINTS
from models.rules.query.context import find_named
from models.rules.query.expecting import DURATION, VALUES
from models.rules.query.mistakes import QueryError, QueryErrorCode
from models.rules.query.parts import FoundSegments, Part, SegmentName, find_part, span_below
from models.rules.query.words import PHRASES, quoted
from models.rules.tree import ActivityOperator, Field, FieldType

_OPERATOR: Final = re.compile(rf"\b({'|'.join(sorted(PHRASES, key=len, reverse=True))})\b")
_MOMENTS: Final = ("FIRST_OCCURRED", "LAST_OCCURRED")
_NEAR: Final = 3
_DURATIONS: Final = {"WITHIN_LAST", "MORE_THAN_AGO", "WITHIN_NEXT", "MORE_THAN_AHEAD", "ANNIVERSARY_WITHIN_NEXT"}


_Told = tuple[QueryErrorCode, str, Sequence[str], str | None]
"""Code, message, what is expected, and the replacement."""


@dataclass(slots=True)
class Wording:
    """Of mistakes in one rule. `hints` counts unknown fields: similar names are looked for only a few times, which is slow."""

    rule: Part
    catalogue: Catalogue
    segments: Mapping[SegmentName, FoundSegments] = field(default_factory=dict)
    hints: int = 0

    def of(self, error: DomainError) -> QueryError:
        """`error` has a path that begins at the rule."""
        path = error.path or ()
        part, steps = find_part(self.rule, path)
        code, message, expected, replacement = self._told(error, part, steps)
        return QueryError(code, message, span_below(part, steps), expected, replacement, ("rule", *path))

    def _told(self, error: DomainError, part: Part, steps: Sequence[str]) -> _Told:
        last = steps[-1] if steps else ""
        if isinstance(error, NotFound) and part.segment is not None:
            return _segment(part.segment, self.segments.get(part.segment, FoundSegments(())))
        if isinstance(error, Unsupported) or last == "segmentId":
            return QueryErrorCode.NOT_ALLOWED, error.message, (), None
        if last == "field":
            self.hints += 1
            return _field(part.json["field"]["field"], self.catalogue.fields() if self.hints <= MAX_HINTS else ())
        if last == "operator":
            return _operator(part, steps, self.catalogue)
        if isinstance(error, LimitExceeded) and "value" not in steps and "tags" not in steps:
            return QueryErrorCode.TOO_COMPLEX, error.message, (), None
        return self._value(error, part, steps)

    def _value(self, error: DomainError, part: Part, steps: Sequence[str]) -> _Told:
        expected = _wanted(part, steps, self.catalogue)
        message = _OPERATOR.sub(lambda match: f"`{PHRASES[match[0]]}`", error.message)
        value = _member(part, steps)
        near = get_close_matches(quoted(value)[:100], expected, 1, cutoff=0.7) if isinstance(value, str) else []
        return QueryErrorCode.WRONG_VALUE, message, expected, near[0] if near else None


def _segment(named: SegmentName, found: FoundSegments) -> _Told:
    code = QueryErrorCode.UNKNOWN_SEGMENT
    if found.ids:
        many = f"{len(found.ids)} segments are called {quoted(named.text)}: write `in segment id`, and the id of one of them"
        return code, many, ("the id of a segment in quotes",), None
    if named.is_id:
        return code, f"there is no segment with the id {quoted(named.text)}", ("the id of a segment in quotes",), None
    near = [quoted(name) for name in found.near]
    hint = f": did you mean {near[0]}?" if near else ""
    expected = near or ["the name of a segment in quotes"]
    return code, f"there is no segment {quoted(named.text)}{hint}", expected, near[0] if near else None


def _field(name: str, known: Sequence[Field]) -> _Told:
    code = QueryErrorCode.UNKNOWN_FIELD
    if name.lower() == "tags":
        return (
            code,
            "tags have words of their own: tagged any ('a', 'b')",
            ("tagged any", "tagged all", "tagged none"),
            None,
        )
    fields = {field.key.removeprefix("attributes."): field.key for field in known}
    near = get_close_matches(name[:100].lower().removeprefix("attributes."), fields, _NEAR, cutoff=0.7)
    hint = f": did you mean {near[0]}?" if near else "; ruleFields lists those there are"
    return code, f'there is no field "{name[:100]}"{hint}', near or ["a field"], near[0] if near else None


def _operator(part: Part, steps: Sequence[str], catalogue: Catalogue) -> _Told:
    allowed, what = _allowed(part, steps, catalogue)
    phrases = list(dict.fromkeys(PHRASES[operator] for operator in allowed))
    had = PHRASES.get(_member(part, steps), "")
    message = f"{what} cannot be compared by `{had}`: write {', '.join(phrases[:-1])} or {phrases[-1]}"
    return QueryErrorCode.WRONG_OPERATOR, message, phrases, None


def _allowed(part: Part, steps: Sequence[str], catalogue: Catalogue) -> tuple[Sequence[str], str]:
    if "where" in steps:
        return tuple(ActivityOperator), "a property"
    if "activity" in part.json:
        metric = part.json["activity"]["metric"]
        return (TEMPORAL, "an instant") if metric in _MOMENTS else (NUMERIC, "a number")
    field = _field_of(part, catalogue)
    assert field is not None, "the operator of an unknown field is not checked"
    return OPERATORS[field.type], f"{field.key} ({field.type})"


def _member(part: Part, steps: Sequence[str]) -> Any:
    """What `steps` lead to; None when it is missing."""
    found: Any = part.json
    for step in steps:
        found = found[int(step)] if isinstance(found, list) else found.get(step)
    return found


def _field_of(part: Part, catalogue: Catalogue) -> Field | None:
    named = part.json.get("field")
    return None if named is None else find_named(catalogue, named["field"])


def _wanted(part: Part, steps: Sequence[str], catalogue: Catalogue) -> Sequence[str]:
    field = _field_of(part, catalogue)
    if "since" in steps or "until" in steps:
        return (VALUES[FieldType.DATETIME],)
    if "within" in steps or _has_duration(part):
        return (DURATION,)
    if field is not None:
        return [quoted(choice) for choice in field.choices] if field.choices else (VALUES[field.type],)
    if "activity" not in part.json or "where" in steps:
        return ("a text in quotes",) if "tags" in part.json else ("a text in quotes, a number, true or false",)
    if "kind" in steps or "property" in steps:
        return ("a kind of activity" if "kind" in steps else "a property",)
    return (VALUES[FieldType.DATETIME if part.json["activity"]["metric"] in _MOMENTS else FieldType.NUMBER],)


def _has_duration(part: Part) -> bool:
    condition = part.json.get("field") or part.json.get("activity") or {}
    return condition.get("operator") in _DURATIONS
