"""Rules that time makes true for those in a test run: found by the test's own clock, also behind the segments that they name."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from models.errors import DomainError, Problems
from models.workflows.plan import Plan
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


async def next_moment(
    run: Run, rules: Iterable[AwaitedRule], contact_ids: Sequence[int], since: datetime, until: datetime
) -> datetime | None:
    """The first moment in (since, until] at which one of these contacts crosses a threshold of a rule; None: nobody does.

    The time is halved until it is known to PRECISION: a statement tells who crosses between two moments, and not when.
    """
    first = None
    for one in rules:
        end = first or until

        async def is_crossed_by(moment: datetime, one: AwaitedRule = one) -> bool:
            return bool(await crossings.crossers(run, one, since, moment, contact_ids=contact_ids, limit=1))

        if since < end and await is_crossed_by(end):
            first = await _halved(is_crossed_by, since, end)
    return first


async def _halved(is_crossed_by: Callable[[datetime], Awaitable[bool]], since: datetime, until: datetime) -> datetime:
    while until - since > PRECISION:
        middle = since + (until - since) / 2
        if await is_crossed_by(middle):
            until = middle
        else:
            since = middle
    return until
