"""Reads a rule from JSON into a tree, or reports every mistake with its path."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum
from typing import Final, TypeVar

from models.errors import DomainError, Invalid, LimitExceeded, NotFound, Path, Problems, Required, Unsupported
from models.rules.catalogue import NUMERIC, OPERATORS, TEMPORAL, Catalogue
from models.rules.depends import find_cycle
from models.rules.operands import (
    MAX_REPORTED,
    read_boolean,
    read_duration,
    read_instant,
    read_list,
    read_operand,
    read_property_operand,
    read_text,
)
from models.rules.tree import (
    ActivityCondition,
    ActivityMetric,
    ActivityOperator,
    AllOf,
    AnyOf,
    Field,
    FieldCondition,
    FieldOperator,
    FieldType,
    Measure,
    Not,
    PropertyFilter,
    Rule,
    SegmentCondition,
    TagsCondition,
    TagsOperator,
)

MAX_DEPTH = 8
"""Levels of groups around a condition."""

MAX_CONDITIONS = 100
"""Includes filters of activities."""

MAX_HINTS = 5
"""Unknown fields for which similar names are searched, which is slow."""

MEMBERS: Final = ("all", "any", "not", "field", "tags", "segment", "activity")

_KIND = re.compile(r"[a-z0-9_.]{1,200}", re.ASCII)
_PROPERTYLESS = {ActivityMetric.COUNT, ActivityMetric.FIRST_OCCURRED, ActivityMetric.LAST_OCCURRED}
_OCCURRED = {ActivityMetric.FIRST_OCCURRED, ActivityMetric.LAST_OCCURRED}

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def check(
    rule_json: object,
    catalogue: Catalogue,
    *,
    allows_activities: bool = True,
    segment_id: int | None = None,
    stored: bool = False,
    path: Path = ("rule",),
) -> Rule:
    """The rule as a tree.

    Raises Problems; their paths begin with `path`. `allows_activities` is False for a DYNAMIC segment. `segment_id` is
    the segment that gets the rule: cycles are refused. `stored`: a segment deleted since is no mistake.
    """
    reading = _Reading(catalogue, allows_activities, segment_id, stored)
    rule = reading.rule(rule_json, tuple(map(str, path)), 0)
    if reading.conditions > MAX_CONDITIONS:
        much = f"a rule may have up to {MAX_CONDITIONS} conditions; this one has {reading.conditions}"
        reading.errors.insert(0, LimitExceeded(much, path))
    if rule is None or reading.errors:
        raise Problems(reading.errors[:MAX_REPORTED])
    return rule


Steps = tuple[str, ...]


@dataclass(slots=True)
class _Reading:
    """A part with a mistake is None."""

    catalogue: Catalogue
    allows_activities: bool
    segment_id: int | None
    stored: bool
    errors: list[DomainError] = field(default_factory=list)
    conditions: int = 0
    hints: int = 0

    # ------------------------------------------------------------ groups

    def rule(self, node: object, path: Steps, depth: int) -> Rule | None:
        return self._try(lambda: self._rule(node, path, depth))

    def _rule(self, node: object, path: Steps, depth: int) -> Rule | None:
        if not isinstance(node, dict) or not node.keys() <= set(MEMBERS):
            raise Invalid(f"a rule has exactly one of {', '.join(MEMBERS)}", path)
        named = [key for key in MEMBERS if node.get(key) is not None]
        if len(named) != 1:
            raise Invalid(f"a rule has exactly one of {', '.join(MEMBERS)}; here are {len(named)}", path)
        key = named[0]
        if key not in ("all", "any", "not"):
            return self._leaf(key, node[key], (*path, key))
        if depth == MAX_DEPTH:
            raise LimitExceeded(f"a rule may be nested {MAX_DEPTH} deep: this group is deeper", path)
        if key == "not":
            part = self.rule(node[key], (*path, key), depth + 1)
            return None if part is None else Not(part)
        return self._group(AllOf if key == "all" else AnyOf, node[key], (*path, key), depth + 1)

    def _group(self, group: type[AllOf] | type[AnyOf], value: object, path: Steps, depth: int) -> Rule | None:
        if not isinstance(value, list) or not value:
            raise Invalid("a group needs a list of at least one condition", path)
        if len(value) > MAX_CONDITIONS:
            raise LimitExceeded(f"a rule may have up to {MAX_CONDITIONS} conditions; here are {len(value)}", path)
        parts = [self.rule(part, (*path, str(index)), depth) for index, part in enumerate(value)]
        read = tuple(part for part in parts if part is not None)
        return group(read) if len(read) == len(parts) else None

    def _leaf(self, key: str, value: object, path: Steps) -> Rule | None:
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS or len(self.errors) >= MAX_REPORTED:  # reported at the end; go on counting
            return None
        if not isinstance(value, dict):
            raise Invalid("must be an object that describes the condition", path)
        match key:
            case "field":
                return self._field(value, path)
            case "tags":
                return self._tags(value, path)
            case "segment":
                return self._segment(value, path)
            case _:
                return self._activity(value, path)

    # ------------------------------------------------------------ conditions

    def _field(self, node: Mapping[str, object], path: Steps) -> Rule | None:
        field = self._try(lambda: self._named_field(node.get("field")), (*path, "field"))
        operator = self._enum(FieldOperator, node, "operator", path)
        if field is None or operator is None:
            return None
        if operator not in OPERATORS[field.type]:
            takes = ", ".join(OPERATORS[field.type])
            raise Invalid(f"{field.key} is {field.type}, which takes {takes}, not {operator}", (*path, "operator"))
        return self._try(
            lambda: FieldCondition(
                field, operator, read_operand(field.type, operator, node.get("value"), field.choices)
            ),
            (*path, "value"),
        )

    def _named_field(self, named: object) -> Field:
        if named is None:
            raise Required("field is missing")
        if not isinstance(named, str):
            raise Invalid('must be the name of a field, such as "email" or "attributes.city"')
        field = self.catalogue.find_field(named)
        if field is None:
            raise Invalid(self._unknown_field(named))
        return field

    def _unknown_field(self, named: str) -> str:
        if named == "tags":
            return 'tags have a condition of their own: {"tags": {"operator": "HAS_ANY", "tags": [..]}}'
        self.hints += 1
        fields = self.catalogue.fields() if self.hints <= MAX_HINTS else []
        bare = {field.key.removeprefix("attributes."): field.key for field in fields}
        near = get_close_matches(named[:100].removeprefix("attributes."), bare, 1, cutoff=0.7)
        hint = f': did you mean "{bare[near[0]]}"?' if near else "; ruleFields lists those there are"
        return f'there is no field "{named[:100]}"{hint}'

    def _tags(self, node: Mapping[str, object], path: Steps) -> Rule | None:
        operator = self._enum(TagsOperator, node, "operator", path)
        tags = self._try(lambda: read_list(read_text, node.get("tags")), (*path, "tags"))
        return None if operator is None or tags is None else TagsCondition(operator, tags)

    def _segment(self, node: Mapping[str, object], path: Steps) -> Rule | None:
        member = True if node.get("member") is None else self._optional(read_boolean, node, "member", path)
        segment_id = node.get("segmentId")
        at = (*path, "segmentId")
        if isinstance(segment_id, bool) or not isinstance(segment_id, int):
            raise NotFound("there is no such segment", at)
        segment = self.catalogue.segments.get(segment_id)
        gone = segment is None or segment.deleted
        if gone and not self.stored:
            raise NotFound("there is no such segment", at)
        self._refuse_cycle(segment_id, at)
        if member is None:
            return None
        return SegmentCondition(segment_id, member, segment.name if segment else "a deleted segment", gone)

    def _refuse_cycle(self, segment_id: int, path: Steps) -> None:
        if self.segment_id is None:
            return
        uses = {key: segment.uses for key, segment in self.catalogue.segments.items()}
        cycle = find_cycle(self.segment_id, uses, [segment_id])
        if cycle is not None:
            names = " -> ".join(self._segment_name(step) for step in (self.segment_id, *cycle))
            raise Invalid(f"a segment cannot depend on itself: {names}", path)

    def _segment_name(self, segment_id: int) -> str:
        segment = self.catalogue.segments.get(segment_id)
        return segment.name if segment else "this segment"

    def _activity(self, node: Mapping[str, object], path: Steps) -> Rule | None:
        if not self.allows_activities:
            raise Unsupported("a DYNAMIC segment has no conditions on activities: make it a DYNAMIC_PLUS segment", path)
        measure = self._measure(node, path)
        operator = self._enum(FieldOperator, node, "operator", path)
        if measure is None or operator is None:
            return None
        occurred = measure.metric in _OCCURRED
        allowed, measured = (TEMPORAL, FieldType.DATETIME) if occurred else (NUMERIC, FieldType.NUMBER)
        if operator not in allowed:
            raise Invalid(f"{measure.metric} takes {', '.join(allowed)}, not {operator}", (*path, "operator"))
        return self._try(
            lambda: ActivityCondition(measure, operator, read_operand(measured, operator, node.get("value"))),
            (*path, "value"),
        )

    def _measure(self, node: Mapping[str, object], path: Steps) -> Measure | None:
        known = len(self.errors)
        kind = self._try(lambda: _read_kind(node.get("kind")), (*path, "kind"))
        metric = (
            ActivityMetric.COUNT if node.get("metric") is None else self._enum(ActivityMetric, node, "metric", path)
        )
        measured = self._try(lambda: _read_measured(metric, node.get("property")), (*path, "property"))
        filters = self._try(lambda: self._filters(node.get("where"), (*path, "where"))) or ()
        within = self._optional(read_duration, node, "within", path)
        since = self._optional(read_instant, node, "since", path)
        until = self._optional(read_instant, node, "until", path)
        if since is not None and until is not None and until <= since:
            self.errors.append(Invalid("until must be later than since: [since, until) is empty", (*path, "until")))
        if kind is None or metric is None or len(self.errors) > known:
            return None
        return Measure(kind, metric, measured, filters, within, since, until)

    def _filters(self, node: object, path: Steps) -> tuple[PropertyFilter, ...]:
        if node is None:
            return ()
        if not isinstance(node, list):
            raise Invalid("must be a list of conditions on properties", path)
        if len(node) > MAX_CONDITIONS:
            raise LimitExceeded(f"a rule may have up to {MAX_CONDITIONS} conditions; here are {len(node)}", path)
        self.conditions += len(node)
        read = [self._filter(part, (*path, str(index))) for index, part in enumerate(node)]
        return tuple(part for part in read if part is not None)

    def _filter(self, node: object, path: Steps) -> PropertyFilter | None:
        return self._try(lambda: self._read_filter(node, path))

    def _read_filter(self, node: object, path: Steps) -> PropertyFilter | None:
        if not isinstance(node, dict):
            raise Invalid("must be an object that describes the condition", path)
        named = self._text(node, "property", path)
        operator = self._enum(ActivityOperator, node, "operator", path)
        if named is None or operator is None:
            return None
        return self._try(
            lambda: PropertyFilter(named, operator, read_property_operand(operator, node.get("value"))),
            (*path, "value"),
        )

    # ------------------------------------------------------------ parts

    def _text(self, node: Mapping[str, object], key: str, path: Steps) -> str | None:
        if node.get(key) is None:
            self.errors.append(Required(f"{key} is missing", (*path, key)))
            return None
        return self._optional(read_text, node, key, path)

    def _enum(self, enum: type[E], node: Mapping[str, object], key: str, path: Steps) -> E | None:
        value = node.get(key)
        if value is None:
            self.errors.append(Required(f"{key} is missing", (*path, key)))
        elif isinstance(value, str) and value in enum.__members__:
            return enum(value)
        else:
            self.errors.append(Invalid(f"{key} must be one of {', '.join(enum)}", (*path, key)))
        return None

    def _optional(self, read: Callable[[object], T], node: Mapping[str, object], key: str, path: Steps) -> T | None:
        value = node.get(key)
        return None if value is None else self._try(lambda: read(value), (*path, key))

    def _try(self, read: Callable[[], T], path: Steps = ()) -> T | None:
        """Returns None on errors, which are kept, with `path` first."""
        try:
            return read()
        except Problems as problems:
            self.errors.extend(problems.under(*path).errors)
        except DomainError as error:
            self.errors.append(error.under(*path))
        return None


def _read_kind(value: object) -> str:
    if value is None:
        raise Required("kind is missing")
    if not isinstance(value, str) or not _KIND.fullmatch(value):
        raise Invalid("a kind is made of a-z, 0-9, _ and dots, such as purchase or product.visit")
    return value


def _read_measured(metric: ActivityMetric | None, value: object) -> str | None:
    if metric in _PROPERTYLESS and value is not None:
        raise Invalid(f"{metric} measures the activities themselves: leave the property out")
    if metric in _PROPERTYLESS or metric is None:
        return None
    if value is None:
        raise Required(f"{metric} needs the property that it measures, such as amount")
    return read_text(value)
