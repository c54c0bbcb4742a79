"""Why an enrollment is where it is, and what would move it on, in plain words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from models.workflows.arrivals import PAUSED, PENDING, TICK
from models.workflows.graph.actions import Send, Wait, WaitFor, WaitUntil, Webhook
from models.workflows.graph.events import Event, RuleJson
from models.workflows.graph.text import Names, event_in_words, rule_in_words
from models.workflows.graph.tree import Graph, GraphNode
from models.workflows.insight import graphs, version_paths
from models.workflows.states import EnrollmentEnd, EnrollmentState
from models.workflows.texts import load_names
from permissions.principal import Scope


async def explanations_of(scope: Scope, enrollments: Sequence[Any]) -> list[str]:
    """Rows are those of `enrollments`."""
    numbers = await version_paths.numbers_of(scope, enrollments)
    wanted = [(row["workflow_id"], number) for row, number in zip(enrollments, numbers, strict=True)]
    by_version = await graphs.of_versions(scope, wanted)
    names, zone = await load_names(scope, list(by_version.values())), ZoneInfo(scope.timezone)
    return [
        explanation(row, Shown(by_version.get(version, Graph()), names, zone))
        for row, version in zip(enrollments, wanted, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Shown:
    """By what an enrollment is explained: its graph, and in which zone instants are written."""

    graph: Graph
    names: Names
    zone: ZoneInfo

    def moment(self, at: datetime) -> str:
        return f"{at.astimezone(self.zone):%Y-%m-%d %H:%M:%S} ({self.zone.key})"

    def either(self, events: Sequence[Event], rules: Sequence[RuleJson]) -> str:
        """Events and rules of which one is enough."""
        parts = [event_in_words(event, self.names) for event in events]
        return " or ".join(parts + [f"it is {rule_in_words(rule, self.names)}" for rule in rules])


def explanation(enrollment: Any, shown: Shown) -> str:
    parts = [_entry(enrollment, shown)]
    if enrollment["state"] == EnrollmentState.ENDED:
        parts.append(_ended(enrollment, shown))
    else:
        parts += [_present(enrollment, shown), *_others(shown)]
    return " ".join(parts)


def _entry(enrollment: Any, shown: Shown) -> str:
    trigger = next((one for one in shown.graph.triggers if one.key == enrollment["trigger"]), None)
    by = "" if trigger is None else f", when {event_in_words(trigger.on, shown.names)}"
    test = " as a test" if enrollment["test_id"] is not None else ""
    return f"It came in{test} at {shown.moment(enrollment['entered_at'])}{by}."


# ---------------------------------------------------------------- inside

_HELD: Final = {
    PAUSED: "the workflow is paused",
    PENDING: "the segments are being brought up to date with what happened, which takes a moment",
    TICK: "the segments are being brought up to date with the time, which takes a moment",
}
"""Reasons in words; others are written in words."""


def _present(enrollment: Any, shown: Shown) -> str:
    key, reason = enrollment["node_key"], enrollment["reason"]
    reason = _HELD.get(reason, reason)
    match enrollment["state"]:
        case EnrollmentState.FAILED:
            return f"It failed at {key}: {reason}. It stays there until it is moved on or removed."
        case EnrollmentState.HELD:
            return f"It is held at {key}: {reason}{_until(enrollment, shown)}."
        case EnrollmentState.WAITING:
            return f"It waits at {key}{_awaited(shown.graph.nodes.get(key or ''), enrollment, shown)}."
        case _:
            return (
                f"It is due at {key}, and goes on as soon as the engine comes to it{f': {reason}' if reason else ''}."
            )


def _until(enrollment: Any, shown: Shown) -> str:
    return "" if enrollment["wake_at"] is None else f", until {shown.moment(enrollment['wake_at'])}"


def _awaited(node: GraphNode | None, enrollment: Any, shown: Shown) -> str:
    until = _until(enrollment, shown)
    match None if node is None else node.do:
        case Wait(next=after) | WaitUntil(next=after):
            return f"{until}, and then goes on to {after}"
        case WaitFor() as wait:
            awaited = shown.either(wait.events, [] if wait.rule is None else [wait.rule])
            return f" until {awaited}, and then goes on to {wait.next}; at the latest{until[1:]}, and then to {wait.timed_out}"
        case Send():
            return f" for the outcome of its message{until}"
        case Webhook():
            return f" for the answer to its call{until}"
        case _:
            return until


def _others(shown: Shown) -> list[str]:
    """What ends it wherever it is."""
    found, goal = [], shown.graph.goal
    if goal is not None and not goal.continue_after:
        rules = [] if goal.rule is None else [goal.rule]
        found.append(f"It ends with the goal when {shown.either([] if goal.event is None else [goal.event], rules)}.")
    for one in shown.graph.exits:
        parts = [shown.either([] if one.event is None else [one.event], [] if one.rule is None else [one.rule])]
        parts += ["it leaves the segment that let it in"] if one.leaves_trigger else []
        found.append(f"It ends when {' or '.join(filter(None, parts))}.")
    return found


# ---------------------------------------------------------------- ended

_ENDS: Final = {
    EnrollmentEnd.REACHED_END: "it came to the end",
    EnrollmentEnd.GOAL: "it reached the goal",
    EnrollmentEnd.EXIT_RULE: "an exit took it out",
    EnrollmentEnd.LEFT_SEGMENT: "it left the segment that had let it in",
    EnrollmentEnd.REMOVED: "somebody removed it",
    EnrollmentEnd.CONTACT_DELETED: "the contact was deleted",
    EnrollmentEnd.NODE_DELETED: "the node where it was is gone, and no other was chosen",
    EnrollmentEnd.ARCHIVED: "the workflow was archived, or published anew without those inside",
    EnrollmentEnd.STAYED_TOO_LONG: "it had stayed for as long as the workflow allows",
    EnrollmentEnd.LOOP_STOPPED: "it went in a circle",
    EnrollmentEnd.FAILED: "it failed",
}


def _ended(enrollment: Any, shown: Shown) -> str:
    reason = f": {enrollment['reason']}" if enrollment["reason"] else ""
    why = _ENDS[EnrollmentEnd(enrollment["end"])]
    return f"It ended at {enrollment['node_key']} at {shown.moment(enrollment['ended_at'])}: {why}{reason}."
