"""What rules read, and in which order segments are computed."""

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter

from models.rules.contact_changes import ContactChange, activity_changed, field_changed, membership_changed
from models.rules.tree import ActivityCondition, FieldCondition, Leaf, Rule, SegmentCondition, each_leaf


def dependencies(rule: Rule) -> frozenset[ContactChange]:
    """The changes after which the rule is evaluated again."""
    return frozenset(_dependency(leaf) for leaf in each_leaf(rule))


def _dependency(leaf: Leaf) -> ContactChange:
    match leaf:
        case FieldCondition(field=field):
            return field_changed(field.key)
        case SegmentCondition(segment_id=segment_id):
            return membership_changed(segment_id)
        case ActivityCondition(measure=measure):
            return activity_changed(measure.kind)
        case _:
            return field_changed("tags")


def segments_of(rule: Rule) -> frozenset[int]:
    return frozenset(leaf.segment_id for leaf in each_leaf(rule) if isinstance(leaf, SegmentCondition))


def segments_mentioned(rule_json: object) -> frozenset[int]:
    """Returns the segment ids in a rule's JSON, which need not be checked before."""
    found: set[int] = set()
    waiting = [rule_json]
    while waiting:
        part = waiting.pop()
        if isinstance(part, list):
            waiting += part
        elif isinstance(part, dict):
            waiting += [part.get(group) for group in ("all", "any", "not")]
            condition = part.get("segment")
            mentioned = condition.get("segmentId") if isinstance(condition, dict) else None
            if isinstance(mentioned, int):
                found.add(mentioned)
    return frozenset(found)


def find_cycle(segment_id: int, uses: Mapping[int, Iterable[int]], start: Iterable[int]) -> tuple[int, ...] | None:
    """The path `(one of start, .., segment_id)`, if any. `uses`: segments mentioned, by segment."""
    came_from: dict[int, int | None] = {}
    waiting: list[tuple[int, int | None]] = [(mentioned, None) for mentioned in start]
    while waiting:
        current, before = waiting.pop()
        if current in came_from:
            continue
        came_from[current] = before
        if current == segment_id:
            return _path_to(current, came_from)
        waiting += [(mentioned, current) for mentioned in uses.get(current, ())]
    return None


def _path_to(end: int, came_from: Mapping[int, int | None]) -> tuple[int, ...]:
    path: list[int] = []
    step: int | None = end
    while step is not None:
        path.append(step)
        step = came_from[step]
    return tuple(reversed(path))


def in_order(uses: Mapping[int, Iterable[int]]) -> list[int]:
    """Returns each segment after those that its rule mentions. Raises graphlib.CycleError."""
    order = TopologicalSorter({segment: set(mentioned) & uses.keys() for segment, mentioned in uses.items()})
    return list(order.static_order())
