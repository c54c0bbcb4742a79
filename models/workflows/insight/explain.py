"""Why a contact is inside a workflow, may enter it, or was turned away."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models import clock, db
from models.db import Record
from models.db.tables.workflows import Workflow
from models.errors import NotFound, Problems
from models.membership.rule_epochs import RuleEpoch
from models.segments.explain import RuleExplanation
from models.segments.explain import explain as explain_rule
from models.workflows import drafts, entries
from models.workflows.causes import NOBODY
from models.workflows.counts import Counts
from models.workflows.engine_lock import WorkflowLock
from models.workflows.graph.text import Names, event_in_words
from models.workflows.graph.tree import Graph
from models.workflows.insight import enrollments, graphs
from models.workflows.insight.enrollments import Wanted
from models.workflows.plan import Plan, plan_of
from models.workflows.plans import Plans
from models.workflows.run import Candidate, Run
from models.workflows.states import WorkflowStatus
from models.workflows.texts import load_names
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class WorkflowExplanation:
    """`enrollment` is the newest one, a row of `enrollments`. `entry_rule` is None when there is none, or it cannot be read."""

    enrollment: Record | None
    may_enter: bool
    reasons: list[str]
    entry_rule: RuleExplanation | None
    turned_away_at: datetime | None


async def explain(scope: Scope, workflow_id: int, contact_id: int) -> WorkflowExplanation:
    """Raises NotFound at `workflowId` or `contactId`."""
    workflow = await drafts.get(scope, workflow_id, path=("workflowId",))
    if not await db.fetch_value(_EXISTS, scope.workspace_id, contact_id):
        raise NotFound("there is no such contact", ("contactId",))
    graph = await graphs.shown_graph(scope, workflow_id)
    plan = await plan_of(scope, graph)
    plan.workflow_id, plan.test_segment_id = workflow_id, workflow.test_segment_id
    names = await load_names(scope, [graph])
    against = [*_by_status(workflow), *await _by_entry(plan, contact_id)]
    turned_away = await db.fetch_row(_TURNED_AWAY, scope.workspace_id, workflow_id, contact_id)
    before = [] if turned_away is None else [f"it was turned away before: {in_words(turned_away['reason'])}"]
    newest = await enrollments.page(scope, workflow_id, Wanted(contact_id=contact_id), 1)
    return WorkflowExplanation(
        newest[0] if newest else None,
        not against,
        [in_words(reason) for reason in against] or [_what_lets_in(graph, names), *before],
        await _entry_rule(plan, contact_id),
        None if turned_away is None else turned_away["at"],
    )


_EXISTS = "SELECT EXISTS (SELECT FROM contacts WHERE workspace_id = $1 AND id = $2)"

_TURNED_AWAY = """
SELECT reason, at FROM workflow_turned_away WHERE workspace_id = $1 AND workflow_id = $2 AND contact_id = $3
"""


# ---------------------------------------------------------------- reasons

_WORDS: Final = {
    entries.INSIDE: "it is inside already",
    entries.ONCE: "it has entered once, and may not again",
    entries.COOLDOWN: "it entered not long ago, and has to wait for the cool-down",
    entries.MAX_PER_CONTACT: "it has entered as often as a contact may",
    entries.ENTRY_RULE: "the entry rule does not hold for it",
    entries.NOT_A_TESTER: "only members of the test segment may enter, and it is none",
    entries.UNREADABLE_RULE: "the entry rule can no longer be read",
}
"""Why somebody is not let in, in plain words."""


def in_words(reason: str) -> str:
    return _WORDS.get(reason, reason)


def _by_status(workflow: Workflow) -> list[str]:
    match workflow.status:
        case WorkflowStatus.ACTIVE:
            return []
        case WorkflowStatus.PAUSED if workflow.drains:
            return ["the workflow is paused while it drains: nobody enters any more"]
        case WorkflowStatus.PAUSED:
            return ["the workflow is paused: what happens now lets it in when the workflow is resumed"]
        case WorkflowStatus.DRAFT:
            return ["the workflow is a draft: it has to be published and activated"]
        case _:
            return [f"the workflow is {workflow.status.lower()}: nobody enters any more"]


async def _by_entry(plan: Plan, contact_id: int) -> list[str]:
    """Asks the engine. One trigger is as good as another: all are held to the same rules."""
    now, trigger = clock.now(), next(iter(plan.graph.triggers), None)
    lock = WorkflowLock(plan.scope.workspace_id, now, now, 0, RuleEpoch(0), None, None, None)
    run = Run(Plans(plan.scope, (0, RuleEpoch(0))), lock, now, Counts(now))
    candidate = Candidate(plan, "" if trigger is None else trigger.key, contact_id, now, NOBODY)
    return await entries.reasons_against(run, candidate)


def _what_lets_in(graph: Graph, names: Names) -> str:
    events = " or ".join(event_in_words(trigger.on, names) for trigger in graph.triggers)
    return f"it enters when {events}" if events else "nothing lets anybody in: there is no trigger"


async def _entry_rule(plan: Plan, contact_id: int) -> RuleExplanation | None:
    if plan.graph.entry_rule is None:
        return None
    try:
        rule = plan.rule(plan.graph.entry_rule)
    except Problems:
        return None
    return await explain_rule(plan.scope, rule, contact_id, clock.now())
