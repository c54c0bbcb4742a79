"""The order in which segments are evaluated."""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

import structlog

from models.rules.contact_changes import CREATED, ContactChange, rule_to_evaluate, threshold_crossed

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Reader:
    reads: frozenset[ContactChange]
    mentions: frozenset[int]


@dataclass(slots=True)
class _Level:
    ids: set[int] = field(default_factory=set)
    readers: dict[ContactChange, set[int]] = field(default_factory=dict)

    def add(self, segment_id: int, names: Iterable[ContactChange]) -> None:
        self.ids.add(segment_id)
        for name in names:
            self.readers.setdefault(name, set()).add(segment_id)

    def remove(self, segment_id: int, names: Iterable[ContactChange]) -> None:
        self.ids.remove(segment_id)
        for name in names:
            self.readers[name].remove(segment_id)
            if not self.readers[name]:
                del self.readers[name]


class Levels:
    """Segments that mention no other come first, then those that mention only these, and so on.

    A cycle, which only an operator's SQL can make, comes last, in one level with what mentions it.
    """

    def __init__(self) -> None:
        self._readers: dict[int, Reader] = {}
        self._mentioned_by: dict[int, set[int]] = {}
        self._level_of: dict[int, int] = {}
        self._levels: list[_Level] = []
        self._has_cycle = False

    def __len__(self) -> int:
        return len(self._levels)

    def __iter__(self) -> Iterator[Collection[int]]:
        return (level.ids for level in self._levels)

    def readers(self, level: int, changed: Iterable[ContactChange]) -> frozenset[int]:
        """The segments of a level to evaluate again after these changes."""
        known = self._levels[level].readers
        if CREATED in changed:
            return frozenset(self._levels[level].ids)
        return frozenset().union(*(known.get(name, ()) for name in changed))

    def change(self, readers: Mapping[int, Reader | None]) -> None:
        """Replaces the readers of segments; None when a segment is no longer evaluated."""
        moved = set(readers)
        for segment_id, reader in readers.items():
            moved |= self._mentioned_by.get(segment_id, set())
            self._remove(segment_id)
            if reader is not None:
                self._readers[segment_id] = reader
                for mentioned in reader.mentions:
                    self._mentioned_by.setdefault(mentioned, set()).add(segment_id)
        moved = {segment_id for segment_id in moved if segment_id in self._readers}
        self._move(self._all_levels() if self._has_cycle or self._is_much(moved) else self._new_levels(moved))

    def _remove(self, segment_id: int) -> None:
        before = self._readers.pop(segment_id, None)
        if before is None:
            return
        self._levels[self._level_of.pop(segment_id)].remove(segment_id, _names(segment_id, before))
        for mentioned in before.mentions:
            self._mentioned_by[mentioned].remove(segment_id)
            if not self._mentioned_by[mentioned]:
                del self._mentioned_by[mentioned]

    def _is_much(self, moved: Collection[int]) -> bool:
        return len(moved) * 4 > len(self._readers)

    def _move(self, new_levels: Mapping[int, int]) -> None:
        for segment_id, level in new_levels.items():
            names = _names(segment_id, self._readers[segment_id])
            before = self._level_of.get(segment_id)
            if before is not None:
                self._levels[before].remove(segment_id, names)
            while len(self._levels) <= level:
                self._levels.append(_Level())
            self._levels[level].add(segment_id, names)
            self._level_of[segment_id] = level
        while self._levels and not self._levels[-1].ids:
            self._levels.pop()

    def _new_levels(self, moved: Iterable[int]) -> Mapping[int, int]:
        found: dict[int, int] = {}
        waiting = deque(moved)
        steps_left = 4 * len(self._readers)
        while waiting:
            if steps_left == 0:  # in a cycle this would not end
                return self._all_levels()
            steps_left -= 1
            segment_id = waiting.popleft()
            level = 1 + max((found.get(one, self._level_of.get(one, 0)) for one in self._below(segment_id)), default=-1)
            if level != found.get(segment_id, self._level_of.get(segment_id)):
                found[segment_id] = level
                waiting.extend(self._mentioned_by.get(segment_id, ()))
        return found

    def _all_levels(self) -> Mapping[int, int]:
        waits_for = {segment_id: sum(1 for _ in self._below(segment_id)) for segment_id in self._readers}
        found = {segment_id: 0 for segment_id, count in waits_for.items() if count == 0}
        ready = deque(found)
        while ready:
            segment_id = ready.popleft()
            for above in self._mentioned_by.get(segment_id, ()):
                waits_for[above] -= 1
                if waits_for[above] == 0:
                    found[above] = 1 + max(found[one] for one in self._below(above))
                    ready.append(above)
        in_a_cycle = self._readers.keys() - found.keys()
        self._has_cycle = bool(in_a_cycle)
        if in_a_cycle:
            log.error("the rules of these segments mention each other", segments=sorted(in_a_cycle))
            found |= dict.fromkeys(in_a_cycle, 1 + max(found.values(), default=-1))
        return {segment_id: level for segment_id, level in found.items() if level != self._level_of.get(segment_id)}

    def _below(self, segment_id: int) -> Iterator[int]:
        return (one for one in self._readers[segment_id].mentions if one in self._readers)


def _names(segment_id: int, reader: Reader) -> frozenset[ContactChange]:
    return reader.reads | {rule_to_evaluate(segment_id), threshold_crossed(segment_id)}
