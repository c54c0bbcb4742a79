"""Which happenings let a contact into which workflows."""

from collections.abc import Sequence
from typing import Final

from models.workflows.graph.events import ActivityHappened, MessageReached
from models.workflows.graph.tree import Trigger
from models.workflows.happenings import Happening
from models.workflows.inside.activities import activities_that_pass
from models.workflows.inside.matching import Matching
from models.workflows.plan import Plan
from models.workflows.run import Candidate, Run


class Entering:
    """Who may enter, in the order of what happened, by parts of that.

    One happening lets a contact into a workflow once, by the first trigger.
    """

    __slots__ = ("_found", "_run")

    def __init__(self, run: Run) -> None:
        self._run = run
        self._found: set[tuple[int, int, object]] = set()

    async def candidates(self, happenings: Sequence[Happening]) -> list[Candidate]:
        """Of the next part."""
        matching, passing = _matching(self._run, happenings), {}
        if any(one.position is None for one in happenings):  # the log of members knows neither messages nor activities
            matching = await _of_messages(self._run, matching)
            passing = await _passing(self._run, matching)
        found = []
        for plan, trigger, happening in matching:
            activity = passing.get((plan.workflow_id, trigger.key), _ALL) if passing else _ALL
            if activity is _ALL or happening.activity_id in activity:
                entry_key = activity.get(happening.activity_id, "")
                if self._is_first(plan, happening):
                    found.append(_candidate(self._run, plan, trigger, happening, entry_key))
        return found

    def _is_first(self, plan: Plan, happening: Happening) -> bool:
        if happening.position is not None and len(self._run.plans.triggers[happening.word]) == 1:  # most often
            return True
        key = (plan.workflow_id, happening.contact_id, _what(happening))
        is_first = key not in self._found
        self._found.add(key)
        return is_first


def _what(happening: Happening) -> object:
    """Tells it from other happenings of its contact."""
    position = happening.position
    return (happening.activity_id, happening.at) if position is None else position


_ALL: Final[dict[int | None, str]] = {}
"""Of a trigger without filters and without a key: whatever happened lets in, all with the same key."""


def _candidate(run: Run, plan: Plan, trigger: Trigger, happening: Happening, entry_key: str) -> Candidate:
    fresh_at = None if happening.position is None else run.lock.clock_at
    return Candidate(
        plan,
        trigger.key,
        happening.contact_id,
        happening.at,
        happening.cause,
        entry_key,
        fresh_at=fresh_at,
        order=happening.order,
    )


def _matching(run: Run, happenings: Sequence[Happening]) -> list[tuple[Plan, Trigger, Happening]]:
    matching: list[tuple[Plan, Trigger, Happening]] = []
    for happening in happenings:
        for plan, trigger in run.plans.triggers.get(happening.word, ()):
            if happening.concerns(plan) and (
                happening.activity_id is not None or not isinstance(trigger.on, ActivityHappened)
            ):
                matching.append((plan, trigger, happening))
    return matching


async def _of_messages(
    run: Run, matching: list[tuple[Plan, Trigger, Happening]]
) -> list[tuple[Plan, Trigger, Happening]]:
    """Without news of messages that a trigger does not mean."""
    of_messages = [one for _, trigger, one in matching if isinstance(trigger.on, MessageReached)]
    if not of_messages:
        return matching
    asked = Matching(run, of_messages)
    return [
        (plan, trigger, one)
        for plan, trigger, one in matching
        if not isinstance(trigger.on, MessageReached) or await asked.is_event(plan, trigger.on, one, None)
    ]


async def _passing(
    run: Run, matching: Sequence[tuple[Plan, Trigger, Happening]]
) -> dict[tuple[int, str], dict[int | None, str]]:
    """Of triggers that look into activities: those that pass, with the entry key, by workflow and trigger."""
    asked: dict[tuple[int, str], tuple[Plan, ActivityHappened, list[int]]] = {}
    for plan, trigger, happening in matching:
        event = trigger.on
        if isinstance(event, ActivityHappened) and (event.where or plan.graph.reentry.key is not None):
            _, _, ids = asked.setdefault((plan.workflow_id, trigger.key), (plan, event, []))
            if happening.activity_id is not None:
                ids.append(happening.activity_id)
    return {
        key: await activities_that_pass(run, event, ids, plan.graph.reentry.key)
        for key, (plan, event, ids) in asked.items()
    }
