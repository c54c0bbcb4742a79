"""One enrollment while a batch moves it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from models.workflows.causes import NOBODY, Cause
from models.workflows.counts import bucket_of
from models.workflows.graph.tree import GraphNode
from models.workflows.plan import Plan
from models.workflows.states import EnrollmentEnd, EnrollmentState

PAUSED: Final = "PAUSED"
"""The reason of those who are held because the workflow is."""

PENDING: Final = "PENDING"
TICK: Final = "TICK"
"""The reasons of those who wait for segments to be right: for changes of their contact, or for thresholds, up to `fresh_at`."""

WAITS: Final = "waits"
HELD: Final = "held"
FAILED: Final = "failed"
"""Steps of those who stay at a node; they are no outcomes."""

StepKey = tuple[int, str, int | None, int | None, str | None]
"""Node, outcome, the next node, the bucket of the stay there, and the step's detail (JSON)."""


@dataclass(slots=True, eq=False)
class Trail:
    """The way of enrollments through a batch. Those who go the same way share it: they are counted and logged together.

    `next` is None where they end. `bucket` is None for a step that leads nowhere: they stay.
    """

    parent: "Trail | None" = None
    step: StepKey | None = None
    length: int = 0
    children: dict[StepKey, "Trail"] = field(default_factory=dict)

    def then(self, step: StepKey) -> "Trail":
        child = self.children.get(step)
        if child is None:
            child = self.children[step] = Trail(self, step, self.length + 1)
        return child

    def steps(self) -> list[StepKey]:
        """From the first to the last."""
        steps: list[StepKey] = []
        trail: Trail | None = self
        while trail is not None and trail.step is not None:
            steps.append(trail.step)
            trail = trail.parent
        return steps[::-1]


@dataclass(slots=True, eq=False)
class Arrival:
    """An enrollment and what becomes of it in this batch.

    `order`: see Candidate. `unsent`: the message that it did not wait for. `is_new`: it entered in this batch. `by_time`: time
    woke it. `passed`: its node's limit had let it pass when a pause held it. `is_settled`: it stays where it is, or has ended.
    `has_changed`: this batch changed its contact, or a segment of it.
    """

    plan: Plan
    id: int
    number: int
    contact_id: int
    trigger: str
    key: str
    node_at: datetime
    entered_at: datetime
    now: datetime
    trail: Trail
    entry_key: str = ""
    visit: int = 1
    state: EnrollmentState = EnrollmentState.READY
    wake_at: datetime | None = None
    fresh_at: datetime | None = None
    reason: str | None = None
    message_id: int | None = None
    control: bool = False
    goal_at: datetime | None = None
    cause: Cause = NOBODY
    test_id: int | None = None
    order: int = -1
    unsent: int | None = None
    is_new: bool = False
    by_time: bool = False
    passed: bool = False
    is_settled: bool = False
    has_changed: bool = False
    ended: EnrollmentEnd | None = None

    @property
    def node(self) -> GraphNode:
        return self.plan.graph.nodes[self.key]

    @property
    def node_number(self) -> int:
        return self.plan.numbers[self.key]

    # ---------------------------------------------------------------- what a node does with it

    def go(self, outcome: str, key: str, detail: str | None = None) -> None:
        """Leave the node by this outcome, for another one. `detail` is JSON for the log of steps."""
        self._leave(outcome, self.plan.numbers[key], detail)
        self.key = key
        self.node_at = self.now
        self.visit += 1
        self._stay(EnrollmentState.READY, None, None)
        self.is_settled = False

    def wait(self, wake_at: datetime | None) -> None:
        """Stay here until that moment, or until something else happens. None: until something happens."""
        if self.state is not EnrollmentState.WAITING:
            self._note(WAITS)
        self._stay(EnrollmentState.WAITING, wake_at, None)

    def hold(self, reason: str, wake_at: datetime | None) -> None:
        """Stay here, though it would be due. `reason` is for people; look again at that moment."""
        if self.state is not EnrollmentState.HELD or self.reason != reason:
            self._note(HELD)
        self._stay(EnrollmentState.HELD, wake_at, reason)

    def pause(self, *, passed: bool, due_at: datetime | None = None) -> None:
        """Stay here until the workflow is resumed. `passed`: the limit of the node has let it pass.

        `due_at`: when it falls due; it is woken then to be known as one who fell due.
        """
        self.passed = passed
        self.hold(PAUSED, due_at if due_at is not None and due_at > self.now else None)

    def hold_until_fresh(self, reason: str, wake_at: datetime) -> None:
        """Stay here until segments include what happened up to `fresh_at`: some milliseconds."""
        self._stay(EnrollmentState.READY, wake_at, reason)

    def fail(self, reason: str) -> None:
        """Stay here until a person moves it on."""
        if self.state is not EnrollmentState.FAILED:
            self._note(FAILED)
        self._stay(EnrollmentState.FAILED, None, reason)

    def end(self, end: EnrollmentEnd, outcome: str | None = None, reason: str | None = None) -> None:
        """Leave the workflow from here."""
        self._leave(outcome or end.value, None, None)
        self.ended, self.reason, self.is_settled = end, reason, True

    # ---------------------------------------------------------------- kept

    def _leave(self, outcome: str, number: int | None, detail: str | None) -> None:
        self.unsent, self.message_id = self.message_id or self.unsent, None
        stayed = (self.now - self.node_at).total_seconds() if self.node_at != self.now else 0.0
        bucket = bucket_of(stayed) if stayed > 0 else 0
        self.trail = self.trail.then((self.plan.numbers[self.key], outcome, number, bucket, detail))

    def _note(self, outcome: str) -> None:
        self.trail = self.trail.then((self.plan.numbers[self.key], outcome, None, None, None))

    def _stay(self, state: EnrollmentState, wake_at: datetime | None, reason: str | None) -> None:
        self.state, self.wake_at, self.reason = state, wake_at, reason
        self.is_settled = True


# ---------------------------------------------------------------- many at one node


def go_together(arrivals: Iterable[Arrival], outcome: str, key: str) -> None:
    """As `go` for each of them. Most have just come, by the same way: their next step is found once."""
    for arrival in _stepped_alike(arrivals, lambda one: one.go(outcome, key)):
        arrival.key = key
        arrival.visit += 1
        arrival.state, arrival.wake_at, arrival.reason = EnrollmentState.READY, None, None
        arrival.is_settled = False


def end_together(arrivals: Iterable[Arrival], end: EnrollmentEnd, outcome: str) -> None:
    """As `end` for each of them."""
    for arrival in _stepped_alike(arrivals, lambda one: one.end(end, outcome)):
        arrival.ended, arrival.reason, arrival.is_settled = end, None, True


def _stepped_alike(arrivals: Iterable[Arrival], step: Callable[[Arrival], None]) -> Iterator[Arrival]:
    """Does `step` for the first that comes by a way. Gives the others with their new trail: the rest is the caller's."""
    stepped: dict[int, Trail] = {}
    for arrival in arrivals:
        before, has_just_come = arrival.trail, _has_just_come(arrival)
        after = stepped.get(id(before)) if has_just_come else None
        if after is not None:
            arrival.trail = after
            yield arrival
            continue
        step(arrival)
        if has_just_come:
            stepped[id(before)] = arrival.trail


def _has_just_come(arrival: Arrival) -> bool:
    """It came to its node at this moment, and no message of it is on its way."""
    return arrival.node_at == arrival.now and arrival.message_id is None
