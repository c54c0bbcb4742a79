"""Rules that time makes true for those in a test run: found by the test's own clock, also behind the segments that they name."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from models.errors import DomainError, Problems
from models.workflows.plans import Plan
from models.workflows.run import Run
from models.workflows.timed import crossings
from models.workflows.timed.crossings import AwaitedRule
from models.workflows.trials import members

PRECISION: Final = timedelta(milliseconds=1)


async def awaited_in(run: Run, plans: Iterable[Plan]) -> list[AwaitedRule]:
    """The rules of these versions whose truth time alone can change."""
    found = []
    for plan in dict.fromkeys(plans):
        for rule_json, node in crossings.awaited(plan):
            try:
                behind = await members.crossings_behind(run, plan.rule(rule_json))
            except (DomainError, Problems):
                continue
            if behind:
                found.append(AwaitedRule(plan, behind, node))
    return found


async def next_moment(run: Run, rules: Iterable[AwaitedRule], since: datetime, until: datetime) -> datetime | None:
    """The first moment in (since, until] at which somebody in the test crosses a threshold of a rule; None: nobody does.

    It is halved until it is known to PRECISION: rules tell who crosses between two moments, and not when.
    """
    first = None
    for one in rules:
        end = first or until
        if since < end and await crossings.crossers(run, one, since, end, limit=1):
            first = await _narrowed(run, one, since, end)
    return first


async def _narrowed(run: Run, one: AwaitedRule, since: datetime, until: datetime) -> datetime:
    start = since
    while until - start > PRECISION:
        middle = start + (until - start) / 2
        if await crossings.crossers(run, one, since, middle, limit=1):
            until = middle
        else:
            start = middle
    return until
