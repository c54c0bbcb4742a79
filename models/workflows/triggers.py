"""Which happenings let a contact into which workflows."""

from collections.abc import Sequence
from typing import Final

from models import db
from models.rules.measures import filter_sql
from models.rules.parameters import Parameters
from models.workflows.graph.events import ActivityHappened
from models.workflows.graph.tree import Trigger
from models.workflows.happenings import Happening
from models.workflows.plans import Plan
from models.workflows.run import Candidate, Run


async def candidates(run: Run, happenings: Sequence[Happening]) -> list[Candidate]:
    """Who may enter, in the order of what happened. One happening lets a contact into a workflow once, by the first trigger."""
    matching = _matching(run, happenings)
    passing = await _passing(run, matching)
    found: dict[tuple[int, int, object], Candidate] = {}
    for plan, trigger, happening in matching:
        activity = passing.get((plan.workflow_id, trigger.key), _ALL)
        if activity is _ALL or happening.activity_id in activity:
            entry_key = activity.get(happening.activity_id, "")
            what = happening.position or happening.activity_id or happening.at
            key = (plan.workflow_id, happening.contact_id, what)
            if key not in found:
                found[key] = _candidate(run, plan, trigger, happening, entry_key)
    return list(found.values())


_ALL: Final[dict[int | None, str]] = {}
"""Of a trigger without filters and without a key: whatever happened lets in, all with the same key."""


def _candidate(run: Run, plan: Plan, trigger: Trigger, happening: Happening, entry_key: str) -> Candidate:
    fresh_at = None if happening.position is None else run.lock.clock_at
    return Candidate(
        plan, trigger.key, happening.contact_id, happening.at, happening.cause, entry_key, fresh_at=fresh_at
    )


def _matching(run: Run, happenings: Sequence[Happening]) -> list[tuple[Plan, Trigger, Happening]]:
    return [
        (plan, trigger, happening)
        for happening in happenings
        for plan, trigger in run.plans.triggers.get(happening.word, ())
        if happening.concerns(plan)
        and (happening.activity_id is not None or not isinstance(trigger.on, ActivityHappened))
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


async def activities_that_pass(
    run: Run, event: ActivityHappened, ids: Sequence[int], key: str | None = None
) -> dict[int | None, str]:
    """The activities that are this event, each with the text of its property `key`."""
    p = Parameters(run.workspace_id, run.scope.timezone)
    filters = "".join(f" AND ({filter_sql(part, p)})" for part in event.where)
    sql = _PASSING.format(
        key="''" if key is None else f"coalesce(a.properties ->> {p.bind(key, 'text')}, '')",
        workspace=p.workspace,
        ids=p.named("ids", "bigint[]"),
        kind=p.bind(event.kind, "text"),
        filters=filters,
    )
    return dict(await db.fetch(sql, *await p.values(run.now, ids=list(ids))))  # type: ignore[arg-type]  # rows are pairs


_PASSING = """
SELECT a.id, {key} FROM activities AS a
WHERE a.workspace_id = {workspace} AND a.id = ANY ({ids}) AND a.kind = {kind}{filters}
"""
