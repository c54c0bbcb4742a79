"""What a rule must be asked again for, which segments mention which, and in what order they are computed."""

from collections.abc import Iterable, Mapping
from graphlib import TopologicalSorter

from models.rules.tree import ActivityCondition, FieldCondition, Leaf, Rule, SegmentCondition, each_leaf


def dependencies(rule: Rule) -> frozenset[str]:
    """What the rule reads, in the words of the capture triggers.

    `email`, `attributes.city`, `tags`, `activity:<kind>`, `segment:<id>`.
    """
    return frozenset(_dependency(leaf) for leaf in each_leaf(rule))


def _dependency(leaf: Leaf) -> str:
    match leaf:
        case FieldCondition(field=field):
            return field.key
        case SegmentCondition(segment_id=segment_id):
            return f"segment:{segment_id}"
        case ActivityCondition(measure=measure):
            return f"activity:{measure.kind}"
        case _:
            return "tags"


def segments_of(rule: Rule) -> frozenset[int]:
    """The segments that the rule itself mentions."""
    return frozenset(leaf.segment_id for leaf in each_leaf(rule) if isinstance(leaf, SegmentCondition))


def segments_mentioned(rule_json: object) -> frozenset[int]:
    """The same for a rule that nobody has checked yet, however deep."""
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
    """The way back to `segment_id` when its rule mentions the segments of `start`: `(start's, .., segment_id)`, or None.

    `uses` says for each other segment which ones its rule mentions.
    """
    came_from: dict[int, int | None] = {}
    waiting: list[tuple[int, int | None]] = [(mentioned, None) for mentioned in start]
    while waiting:
        current, before = waiting.pop()
        if current in came_from:
            continue
        came_from[current] = before
        if current == segment_id:
            return _way(current, came_from)
        waiting += [(mentioned, current) for mentioned in uses.get(current, ())]
    return None


def _way(end: int, came_from: Mapping[int, int | None]) -> tuple[int, ...]:
    way: list[int] = []
    step: int | None = end
    while step is not None:
        way.append(step)
        step = came_from[step]
    return tuple(reversed(way))


def in_order(uses: Mapping[int, Iterable[int]]) -> list[int]:
    """The segments of `uses`, each after those that its rule mentions. Raises graphlib.CycleError when there is a cycle."""
    order = TopologicalSorter({segment: set(mentioned) & uses.keys() for segment, mentioned in uses.items()})
    return list(order.static_order())
