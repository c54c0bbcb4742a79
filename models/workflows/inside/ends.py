"""Goal and exits: looked at when somebody enters, when something happened to its contact, and when time made a rule true."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import structlog

from models.errors import MusterError
from models.workflows.arrivals import Arrival
from models.workflows.graph.events import RuleJson
from models.workflows.graph.tree import Goal
from models.workflows.inside.asking import first_that_holds
from models.workflows.plan import Plan
from models.workflows.run import Run
from models.workflows.states import EnrollmentEnd
from models.workflows.timing import local_times

log = structlog.get_logger(__name__)


def reach_goal(run: Run, arrival: Arrival) -> None:
    """Counted once, if it is within the time that the goal has; ends the enrollment unless the workflow goes on after it."""
    goal = arrival.plan.graph.goal
    assert goal is not None
    if arrival.ended is not None or arrival.goal_at is not None or not _is_within(run, arrival, goal):
        return
    arrival.goal_at = run.now
    if run.test_id is None:
        run.counts.reached_goal(arrival.plan.workflow_id, arrival.number, control=arrival.control)
    if not goal.continue_after:
        arrival.end(EnrollmentEnd.GOAL)


def _is_within(run: Run, arrival: Arrival, goal: Goal) -> bool:
    if goal.within is None:
        return True
    zone = ZoneInfo(arrival.plan.scope.timezone)
    return run.now <= local_times.shifted(arrival.entered_at, goal.within, zone)


async def look(run: Run, arrivals: Sequence[Arrival]) -> None:
    """Ends those who fulfil the rule of an exit, then those who have reached the goal's."""
    of_plan: dict[int, list[Arrival]] = {}
    for arrival in arrivals:
        of_plan.setdefault(id(arrival.plan), []).append(arrival)
    for some in of_plan.values():
        plan = some[0].plan
        exits = [end.rule for end in plan.graph.exits if end.rule is not None]
        for arrival in await _holding(run, plan, "exits", exits, some):
            arrival.end(EnrollmentEnd.EXIT_RULE)
        goal = plan.graph.goal
        if goal is not None and goal.rule is not None:
            for arrival in await _holding(run, plan, "goal", [goal.rule], some):
                reach_goal(run, arrival)


async def _holding(
    run: Run, plan: Plan, name: str, rules: Sequence[RuleJson], arrivals: Sequence[Arrival]
) -> list[Arrival]:
    inside = [arrival for arrival in arrivals if arrival.ended is None]
    if not rules or not inside:
        return []
    contact_ids = list(dict.fromkeys(arrival.contact_id for arrival in inside))
    try:
        holds = await first_that_holds(run, name, rules, plan, contact_ids)
    except MusterError as error:  # what it names is gone: the workflow says so among its problems
        log.warning("a rule can no longer be read", workflow=plan.workflow_id, rule=name, problem=type(error).__name__)
        return []
    return [arrival for arrival in inside if arrival.contact_id in holds]
