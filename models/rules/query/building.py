"""Makes parts of a rule from what the grammar finds: a method for each of its rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lark import Token, Transformer

from models.rules.query.parts import Part, SegmentName, Span, Spans
from models.rules.query.words import (
    AMONG,
    COMPARISONS,
    DIRECTIONS,
    METRICS,
    MOVING,
    PRESENCE,
    TAGGED,
    duration_of,
    phrase_of,
    unquoted,
)
from models.rules.tree import FieldOperator, TagsOperator
from models.values.numbers import read_decimal

Read = tuple[Any, Span]
"""A value of the rule, and where it is."""

Values = tuple[list[Any], Span, list[Span]]
"""A list of the rule, where it is, and where its items are."""


@dataclass(slots=True)
class Operation:
    """What a field, a property or a metric is compared with, and how. `items`: where those of a list are."""

    operator: str
    operator_span: Span
    value: Any
    value_span: Span
    end: int
    items: Sequence[Span] = ()

    def write_to(self, condition: dict[str, Any], spans: Spans, *path: str) -> None:
        condition["operator"] = self.operator
        spans[*path, "operator"] = self.operator_span
        spans[*path, "value"] = self.value_span
        if self.value is not None:
            condition["value"] = self.value
        for index, span in enumerate(self.items):
            spans[*path, "value", str(index)] = span


class Builder(Transformer[Token, Part]):
    """Each method takes the children of a node, tokens included."""

    def start(self, children: list[Part]) -> Part:
        return children[0]

    def all_of(self, children: list[Any]) -> Part:
        return _group("all", children[::2])

    def any_of(self, children: list[Any]) -> Part:
        return _group("any", children[::2])

    def group_of_one(self, children: list[Any]) -> Part:
        word, _, part, closing = children
        return Part({word.lower(): [part.json]}, word.start_pos, closing.end_pos, (part,))

    def negation(self, children: list[Any]) -> Part:
        word, part = children
        return Part({"not": part.json}, word.start_pos, part.end, (part,))

    def bracketed(self, children: list[Any]) -> Part:
        part: Part = children[1]
        return part

    # ------------------------------------------------------------ conditions

    def field(self, children: list[Any]) -> Part:
        name, operation = children
        condition: dict[str, Any] = {"field": str(name)}
        part = Part({"field": condition}, name.start_pos, operation.end, (), {("field", "field"): _span(name)})
        operation.write_to(condition, part.spans, "field")
        return part

    def tagged(self, children: list[Any]) -> Part:
        word, token = children
        value, span = _value(token)
        return _tags(word, TagsOperator.HAS_ANY, ([value], span, [span]))

    def tagged_set(self, children: list[Any]) -> Part:
        word, values = children
        return _tags(word, TAGGED[phrase_of(word)], values)

    def in_segment(self, children: list[Any]) -> Part:
        words, name = children
        phrase = phrase_of(words)
        named = SegmentName(unquoted(name), phrase.endswith(" id"))
        condition = {"segmentId": 0, "member": not phrase.startswith("not")}
        spans: Spans = {("segment", "segmentId"): _span(name)}
        return Part({"segment": condition}, _span(words)[0], _span(name)[1], (), spans, named)

    def activity(self, children: list[Any]) -> Part:
        part, operation = children
        operation.write_to(part.json["activity"], part.spans, "activity")
        part.end = operation.end
        return part  # type: ignore[no-any-return]

    def activity_in_last(self, children: list[Any]) -> Part:
        *measured, operation = children
        return self.activity([self.measure(measured), operation])

    # ------------------------------------------------------------ metrics over activities

    def measure(self, children: list[Any]) -> Part:
        part: Part = children[0]
        for key, (value, span) in children[1] if len(children) > 1 else ():
            part.json["activity"][key] = value
            part.spans["activity", key] = span
        return part

    def measured(self, children: list[Any]) -> Part:
        metric, _, kind, *filters, closing = children
        return _measure(metric, kind, filters, closing)

    def property_measured(self, children: list[Any]) -> Part:
        metric, _, kind, _, (name, span), *filters, closing = children
        part = _measure(metric, kind, filters, closing)
        part.json["activity"]["property"] = name
        part.spans["activity", "property"] = span
        return part

    def periods(self, children: list[Any]) -> list[Any]:
        return children

    def within(self, children: list[Any]) -> tuple[str, Read]:
        return "within", _duration(children[1])

    def since(self, children: list[Any]) -> tuple[str, Read]:
        return "since", _value(children[1])

    def until(self, children: list[Any]) -> tuple[str, Read]:
        return "until", _value(children[1])

    def kind(self, children: list[Any]) -> Read:
        return _name(children[0])

    def property(self, children: list[Any]) -> Read:
        return _name(children[0])

    def filters(self, children: list[Any]) -> list[Any]:
        return children[1::2]

    def filter(self, children: list[Any]) -> tuple[Read, Operation]:
        named, operation = children
        return named, operation

    # ------------------------------------------------------------ operations

    def compared(self, children: list[Any]) -> Operation:
        operator, token = children
        value, span = _value(token)
        return Operation(_known(operator, COMPARISONS), _span(operator), value, span, span[1])

    def among(self, children: list[Any]) -> Operation:
        operator, (values, span, items) = children
        return Operation(_known(operator, AMONG), _span(operator), values, span, span[1], items)

    def between(self, children: list[Any]) -> Operation:
        operator, first, _, second = children
        (low, low_span), (high, high_span) = _value(first), _value(second)
        span = (low_span[0], high_span[1])
        return Operation(
            FieldOperator.BETWEEN.value, _span(operator), [low, high], span, span[1], [low_span, high_span]
        )

    def present(self, children: list[Any]) -> Operation:
        span = _span(children[0])
        return Operation(_known(children[0], PRESENCE), span, None, span, span[1])

    def moving(self, children: list[Any]) -> Operation:
        operator, token = children
        value, span = _duration(token)
        return Operation(_known(operator, MOVING), _span(operator), value, span, span[1])

    def away(self, children: list[Any]) -> Operation:
        operator, token, direction = children
        value, span = _duration(token)
        return Operation(_known(direction, DIRECTIONS), _span(operator), value, span, direction.end_pos)

    def list(self, children: list[Any]) -> Values:
        read = [_value(token) for token in children[1:-1:2]]
        return [value for value, _ in read], (children[0].start_pos, children[-1].end_pos), [span for _, span in read]


# ---------------------------------------------------------------- parts


def _group(word: str, parts: list[Part]) -> Part:
    return Part({word: [part.json for part in parts]}, parts[0].start, parts[-1].end, parts)


def _tags(word: Token, operator: str, values: Values) -> Part:
    tags, span, items = values
    spans: Spans = {("tags", "operator"): _span(word), ("tags", "tags"): span}
    for index, item in enumerate(items):
        spans["tags", "tags", str(index)] = item
    return Part({"tags": {"operator": str(operator), "tags": tags}}, _span(word)[0], span[1], (), spans)


def _measure(metric: Token, kind: Read, filters: Sequence[Any], closing: Token) -> Part:
    condition: dict[str, Any] = {"kind": kind[0].lower(), "metric": METRICS[metric.lower()]}
    spans: Spans = {("activity", "kind"): kind[1], ("activity", "metric"): _span(metric)}
    if filters:
        condition["where"] = where = []
        for index, (named, operation) in enumerate(filters[0]):
            path = ("activity", "where", str(index))
            where.append({"property": named[0]})
            spans[*path, "property"] = named[1]
            operation.write_to(where[-1], spans, *path)
    return Part({"activity": condition}, _span(metric)[0], _span(closing)[1], (), spans)


# ---------------------------------------------------------------- tokens


def _span(token: Token) -> Span:
    return token.start_pos, token.end_pos  # type: ignore[return-value]


def _known(phrase: Token, words: Mapping[str, str]) -> str:
    return words.get(phrase) or words[phrase_of(phrase)]


def _name(token: Token) -> Read:
    return unquoted(token) if token.type == "QUOTED" else str(token), _span(token)


def _duration(token: Token) -> Read:
    return duration_of(token), _span(token)


def _value(token: Token) -> Read:
    """A text, a number, true or false; days and instants stay texts."""
    first = token[0]
    if first in "'\"":
        return unquoted(token), _span(token)
    if first in "tTfF":
        return first in "tT", _span(token)
    if len(token) > 9 and token[4] == "-":
        return str(token), _span(token)
    return read_decimal(token), _span(token)
