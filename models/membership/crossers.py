"""The statements that find who crossed a threshold.

Each has a group of sorted thresholds, so a change makes one statement again.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from models.membership import statements
from models.membership.statements import Statement, crossers_of, grouped, sort_key, weight
from models.rules.crossings import AnyCrossing


@dataclass(slots=True)
class _Group:
    segments_of: dict[AnyCrossing, set[int]]
    statement: Statement | None = None
    weight: int = field(init=False)

    def __post_init__(self) -> None:
        self.weight = sum(map(weight, self.segments_of))


class Crossers:
    """The thresholds of a workspace's rules; segments with equal thresholds share one."""

    def __init__(
        self, workspace_id: int, timezone: str, crossings_of: Iterable[tuple[int, Sequence[AnyCrossing]]]
    ) -> None:
        self._workspace_id, self._timezone = workspace_id, timezone
        segments_of: dict[AnyCrossing, set[int]] = {}
        for segment_id, crossings in crossings_of:
            for crossing in crossings:
                segments_of.setdefault(crossing, set()).add(segment_id)
        self._groups = [_Group(some) for some in grouped(segments_of)]
        self._starts = [sort_key(next(iter(group.segments_of))) for group in self._groups]

    def __bool__(self) -> bool:
        return bool(self._groups)

    @property
    def segments_of(self) -> Mapping[AnyCrossing, frozenset[int]]:
        return {crossing: frozenset(ids) for group in self._groups for crossing, ids in group.segments_of.items()}

    def statements(self) -> tuple[Statement, ...]:
        return tuple(group.statement or self._make(group) for group in self._groups)

    def _make(self, group: _Group) -> Statement:
        ordered = {
            crossing: sorted(group.segments_of[crossing]) for crossing in sorted(group.segments_of, key=sort_key)
        }
        group.statement = crossers_of(self._workspace_id, self._timezone, ordered)
        return group.statement

    def add(self, segment_id: int, crossings: Iterable[AnyCrossing]) -> None:
        for crossing in crossings:
            index = self._index(crossing)
            if index is None:
                self._groups, self._starts = [_Group({crossing: {segment_id}})], [sort_key(crossing)]
                continue
            group = self._groups[index]
            if crossing not in group.segments_of:
                group.weight += weight(crossing)
            group.segments_of.setdefault(crossing, set()).add(segment_id)
            group.statement = None
            if group.weight > statements.LOOKUPS_AT_ONCE:
                self._split(index)

    def remove(self, segment_id: int, crossings: Iterable[AnyCrossing]) -> None:
        for crossing in crossings:
            index = self._index(crossing)
            assert index is not None, "it was added"
            group = self._groups[index]
            group.segments_of[crossing].remove(segment_id)
            group.statement = None
            if not group.segments_of[crossing]:
                del group.segments_of[crossing]
                group.weight -= weight(crossing)
            if not group.segments_of:
                del self._groups[index], self._starts[index]

    def _index(self, crossing: AnyCrossing) -> int | None:
        return max(bisect_right(self._starts, sort_key(crossing)) - 1, 0) if self._groups else None

    def _split(self, index: int) -> None:
        ordered = sorted(self._groups[index].segments_of, key=sort_key)
        if len(ordered) == 1:
            return
        halves = ordered[: len(ordered) // 2], ordered[len(ordered) // 2 :]
        segments_of = self._groups[index].segments_of
        self._groups[index : index + 1] = [_Group({one: segments_of[one] for one in half}) for half in halves]
        self._starts[index : index + 1] = [sort_key(half[0]) for half in halves]
