"""What a node of a workflow does, and where it leads.

An outcome is called as the edge in WorkflowGraphInput: `next`, `yes`, `timedOut`; of BRANCH and SPLIT as the case.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any

from models.rules.duration import Duration
from models.workflows.graph.events import Event, RuleJson


class LatePolicy(StrEnum):
    """What happens to one that comes to a moment that is over."""

    PROCEED = "PROCEED"
    SKIP = "SKIP"
    END = "END"


@dataclass(frozen=True, slots=True)
class Condition:
    rule: RuleJson
    yes: str
    no: str


@dataclass(frozen=True, slots=True)
class Case:
    name: str
    rule: RuleJson
    next: str


@dataclass(frozen=True, slots=True)
class Branch:
    """The first case whose rule holds."""

    cases: tuple[Case, ...]
    otherwise: str


@dataclass(frozen=True, slots=True)
class Share:
    name: str
    percent: int
    next: str


@dataclass(frozen=True, slots=True)
class Split:
    """By chance; the shares make 100 percent."""

    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Wait:
    duration: Duration
    next: str


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Until an instant, or a field's value with an offset, or neither (now); then the next `local_time` on one of `weekdays`.

    `weekdays` are 1 (Monday) to 7; empty for all. `skip` is where LatePolicy.SKIP goes; None for `next`.
    """

    next: str
    at: datetime | None = None
    field: str | None = None
    offset: Duration | None = None
    local_time: time | None = None
    weekdays: tuple[int, ...] = ()
    late: LatePolicy = LatePolicy.PROCEED
    skip: str | None = None


@dataclass(frozen=True, slots=True)
class WaitFor:
    """Until one of `events` happens or the rule holds, but not longer than `timeout`."""

    events: tuple[Event, ...]
    rule: RuleJson | None
    look_back: bool
    timeout: Duration
    next: str
    timed_out: str


@dataclass(frozen=True, slots=True)
class SegmentAdd:
    segment_id: int
    next: str


@dataclass(frozen=True, slots=True)
class SegmentRemove:
    segment_id: int
    next: str


@dataclass(frozen=True, slots=True)
class SegmentKeep:
    """Adds, and takes out after `duration`, whatever becomes of the enrollment."""

    segment_id: int
    duration: Duration
    renew: bool
    next: str


@dataclass(frozen=True, slots=True)
class TagsChange:
    add: tuple[str, ...]
    remove: tuple[str, ...]
    next: str


@dataclass(frozen=True, slots=True)
class FieldSet:
    """Sets `value` (None clears the field), or adds `increment`, or sets the present moment when `now`."""

    field: str
    next: str
    value: Any = None
    increment: float | None = None
    now: bool = False


@dataclass(frozen=True, slots=True)
class ActivityRecord:
    kind: str
    properties: Mapping[str, Any]
    next: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """What fills a placeholder: a field of the contact, or a text; `fallback` where the field is empty."""

    name: str
    field: str | None = None
    text: str | None = None
    fallback: str | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Those that are skipped or fail go on by `next` when there is no edge for them."""

    template_id: int
    parameters: tuple[Parameter, ...]
    require_opt_in: bool
    ignore_cap: bool
    next: str
    skipped: str | None = None
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class Webhook:
    """Posts to an endpoint registered before; one that failed stays FAILED when `failed` is None."""

    endpoint_id: int
    body: Any
    next: str
    failed: str | None = None


@dataclass(frozen=True, slots=True)
class Enroll:
    workflow_id: int
    next: str


@dataclass(frozen=True, slots=True)
class End:
    outcome: str = "done"


Action = (
    Condition
    | Branch
    | Split
    | Wait
    | WaitUntil
    | WaitFor
    | SegmentAdd
    | SegmentRemove
    | SegmentKeep
    | TagsChange
    | FieldSet
    | ActivityRecord
    | Send
    | Webhook
    | Enroll
    | End
)


def edges_of(action: Action) -> dict[str, str]:
    """Where each outcome leads, by the outcome; optional edges that are absent are left out."""
    match action:
        case Condition(yes=yes, no=no):
            return {"yes": yes, "no": no}
        case Branch(cases, otherwise):
            return {case.name: case.next for case in cases} | {"otherwise": otherwise}
        case Split(shares):
            return {share.name: share.next for share in shares}
        case WaitUntil(next=after, skip=skip):
            return _present(next=after, skip=skip)
        case WaitFor(next=after, timed_out=timed_out):
            return {"next": after, "timedOut": timed_out}
        case Send(next=after, skipped=skipped, failed=failed):
            return _present(next=after, skipped=skipped, failed=failed)
        case Webhook(next=after, failed=failed):
            return _present(next=after, failed=failed)
        case End():
            return {}
        case _:
            return {"next": action.next}


def rules_of(action: Action) -> dict[tuple[str, ...], RuleJson]:
    """The rules in it, by their paths in the action's JSON."""
    match action:
        case Condition(rule=rule):
            return {("rule",): rule}
        case Branch(cases):
            return {("cases", str(index), "rule"): case.rule for index, case in enumerate(cases)}
        case WaitFor(rule=rule) if rule is not None:
            return {("rule",): rule}
        case _:
            return {}


def _present(**edges: str | None) -> dict[str, str]:
    return {outcome: key for outcome, key in edges.items() if key is not None}
