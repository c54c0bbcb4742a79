"""A workflow's graph: what lets contacts in, what happens to them, and what ends it. Immutable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from typing import Any, Final

from models.rules.duration import Duration
from models.workflows.graph.actions import Action, End, edges_of
from models.workflows.graph.events import Event, RuleJson


class Zone(StrEnum):
    """Whose local time is meant."""

    WORKSPACE = "WORKSPACE"
    CONTACT = "CONTACT"


class ReentryPolicy(StrEnum):
    ONCE = "ONCE"
    AFTER_LEAVING = "AFTER_LEAVING"
    EVERY_TIME = "EVERY_TIME"


@dataclass(frozen=True, slots=True)
class Reentry:
    """`key` names a property of the trigger's activity: one enrollment at a time for each of its values."""

    policy: ReentryPolicy = ReentryPolicy.ONCE
    cooldown: Duration | None = None
    max_per_contact: int | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """`start` is the key of a node instead of the workflow's start."""

    key: str
    on: Event
    start: str | None = None


@dataclass(frozen=True, slots=True)
class Goal:
    """An event or a rule, or both: either is enough. `within` is counted from entry."""

    event: Event | None = None
    rule: RuleJson | None = None
    within: Duration | None = None
    continue_after: bool = False


@dataclass(frozen=True, slots=True)
class Exit:
    """Any of its parts ends the enrollment. `leaves_trigger`: on leaving the segment that let it in."""

    event: Event | None = None
    rule: RuleJson | None = None
    leaves_trigger: bool = False


EVERY_DAY: Final = (1, 2, 3, 4, 5, 6, 7)


@dataclass(frozen=True, slots=True)
class Window:
    """Local times [opens, closes); `closes` at or before `opens` is on the next day. Weekdays are 1 (Monday) to 7."""

    opens: time
    closes: time
    weekdays: tuple[int, ...] = EVERY_DAY
    except_days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class Limit:
    """`next` is where one goes that is over it; None: waits for the cooldown, or ends."""

    per_contact: int | None = None
    total: int | None = None
    cooldown: Duration | None = None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class GraphNode:
    """`layout` is the client's own: where the node is drawn."""

    key: str
    do: Action
    label: str | None = None
    layout: Any = None
    limit: Limit | None = None

    @property
    def edges(self) -> dict[str, str]:
        """Where each outcome leads; `limited` is that of its limit."""
        limited = {} if self.limit is None or self.limit.next is None else {"limited": self.limit.next}
        return edges_of(self.do) | limited

    @property
    def is_end(self) -> bool:
        return isinstance(self.do, End)


MAX_STAY: Final = Duration(months=12)


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes by their keys, in the order in which they were given. `start` may name a node that is not there."""

    triggers: tuple[Trigger, ...] = ()
    start: str = ""
    nodes: Mapping[str, GraphNode] = field(default_factory=dict)
    zone: Zone = Zone.WORKSPACE
    entry_rule: RuleJson | None = None
    reentry: Reentry = field(default_factory=Reentry)
    goal: Goal | None = None
    exits: tuple[Exit, ...] = ()
    send_window: Window | None = None
    control_percent: int = 0
    max_stay: Duration = MAX_STAY

    def start_of(self, trigger_key: str) -> str:
        """The key of the node where this trigger lets in; the workflow's start for a key that is not there."""
        started = (trigger.start for trigger in self.triggers if trigger.key == trigger_key)
        return next(started, None) or self.start
