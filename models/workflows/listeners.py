"""What a graph listens to for those inside: events of its waits, goal and exits, and what can make their rules true."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from models.workflows.graph.actions import Send, Wait, WaitFor, WaitUntil
from models.workflows.graph.events import DateReached, Event, RuleJson, Scheduled, SegmentEntered
from models.workflows.graph.tree import Exit, Goal, Graph, Zone

ZONE: Final = "timezone"
"""The word of a contact's time zone."""

Words = Callable[[Event], Iterable[str]]
Dependencies = Callable[[RuleJson], Iterable[str]]
"""What a rule reads, in words; nothing when it can no longer be read."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """An event that a WAIT_FOR waits for."""

    node: str
    index: int
    event: Event
    look_back: bool

    @property
    def key(self) -> str:
        """As occurrences begin (inside/occurrences.py)."""
        return f"{self.node}.{self.index}"


@dataclass(slots=True)
class Listeners:
    """By the word of what happened, but `left`, which is by the segment that somebody left: the triggers by which it let in.

    `asked`: after these the rules of goal and exits are looked at. `settled_again`: nodes whose people are looked at.
    """

    awaited: dict[str, list[Awaited]] = field(default_factory=dict)
    exits: dict[str, list[Event]] = field(default_factory=dict)
    goals: dict[str, list[Event]] = field(default_factory=dict)
    left: dict[int, set[str]] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    settled_again: dict[str, set[str]] = field(default_factory=dict)

    @property
    def words(self) -> frozenset[str]:
        left = {f"segment:{segment_id}" for segment_id in self.left}
        return frozenset(
            self.awaited.keys() | self.exits.keys() | self.goals.keys() | left | self.settled_again.keys() | self.asked
        )


def listeners_of(graph: Graph, words: Words, dependencies: Dependencies) -> Listeners:
    found = Listeners()
    for node in graph.nodes.values():
        if isinstance(node.do, WaitFor):
            _add_awaited(found, node.key, node.do, words, dependencies)
    for end in ends_of(graph):
        _add_end(found.goals if isinstance(end, Goal) else found.exits, end.event, words)
        found.asked.update(() if end.rule is None else dependencies(end.rule))
    for segment_id, key in _left(graph):
        found.left.setdefault(segment_id, set()).add(key)
    for word, key in _again(graph):
        found.settled_again.setdefault(word, set()).add(key)
    return found


def _add_end(into: dict[str, list[Event]], event: Event | None, words: Words) -> None:
    if event is not None:
        for word in words(event):
            into.setdefault(word, []).append(event)


def ends_of(graph: Graph) -> tuple[Goal | Exit, ...]:
    """Exits come first: who leaves by one has not reached the goal."""
    return graph.exits if graph.goal is None else (*graph.exits, graph.goal)


def _add_awaited(found: Listeners, key: str, do: WaitFor, words: Words, dependencies: Dependencies) -> None:
    for index, event in enumerate(do.events):
        for word in words(event):
            found.awaited.setdefault(word, []).append(Awaited(key, index, event, do.look_back))
    for word in () if do.rule is None else dependencies(do.rule):
        found.settled_again.setdefault(word, set()).add(key)


def _left(graph: Graph) -> Iterator[tuple[int, str]]:
    if not any(end.leaves_trigger for end in graph.exits):
        return
    for trigger in graph.triggers:
        match trigger.on:
            case SegmentEntered(segment_id) | Scheduled(segment_id=segment_id):
                yield segment_id, trigger.key


def _again(graph: Graph) -> Iterator[tuple[str, str]]:
    """Where a field, or the contact's time zone, decides how long somebody waits."""
    for node in graph.nodes.values():
        do = node.do
        if isinstance(do, WaitUntil) and do.field is not None:
            yield do.field, node.key
        if graph.zone is Zone.CONTACT and _depends_on_zone(graph, do):
            yield ZONE, node.key


def _depends_on_zone(graph: Graph, do: object) -> bool:
    match do:
        case Wait(duration):
            return duration.months > 0
        case WaitUntil():
            return True
        case Send():
            return graph.send_window is not None
        case _:
            return False


def zone_nodes(graph: Graph) -> set[str]:
    """The nodes at which a change of the workspace's time zone changes how long somebody waits."""
    return {node.key for node in graph.nodes.values() if _depends_on_zone(graph, node.do)}


def zone_words(graph: Graph) -> frozenset[str]:
    """What is listened to where dates come by the zones of contacts."""
    comes = graph.zone is Zone.CONTACT and any(isinstance(trigger.on, DateReached) for trigger in graph.triggers)
    return frozenset({ZONE}) if comes else frozenset()
