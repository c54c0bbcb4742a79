"""Which rules of a graph hold for contacts, at this moment."""

from collections.abc import Collection, Mapping, Sequence

from models.rules.depends import segments_of
from models.rules.tree import SegmentCondition, each_leaf
from models.workflows.graph.events import RuleJson
from models.workflows.graph.tree import Zone
from models.workflows.plan import Plan
from models.workflows.questions import Question
from models.workflows.run import Run


async def first_that_holds(
    run: Run, name: str, rules: Sequence[RuleJson], plan: Plan, contact_ids: Collection[int]
) -> Mapping[int, int]:
    """The index of the first rule that holds, by contact. Days are those of the workflow's zone.

    `name` tells these rules from others of the plan. Raises Problems when one can no longer be read.
    """
    of_zone: dict[str, list[int]] = {}
    for contact_id, zone in (await run.zones(plan.graph.zone is Zone.CONTACT, contact_ids)).items():
        of_zone.setdefault(zone, []).append(contact_id)
    holds: dict[int, int] = {}
    for zone, some in of_zone.items():
        if run.members_then is None:
            holds |= await plan.question(name, rules, zone).ask(some, run.now)
        else:
            holds |= await _by_own_clock(run, rules, plan, some, zone)
    return holds


async def _by_own_clock(
    run: Run, rules: Sequence[RuleJson], plan: Plan, contact_ids: Sequence[int], zone: str
) -> Mapping[int, int]:
    """With the members that segments have then."""
    assert run.members_then is not None
    read = [plan.rule(rule) for rule in rules]
    named = frozenset[int]().union(*(segments_of(rule) for rule in read))
    members = {segment_id: await run.members_then(run, segment_id, contact_ids) for segment_id in sorted(named)}
    return await Question(run.workspace_id, zone, read, given=members).ask(contact_ids, run.now, members)


def reads_segments(plan: Plan, rule: RuleJson) -> bool:
    """Raises Problems when the rule can no longer be read."""
    return any(isinstance(leaf, SegmentCondition) for leaf in each_leaf(plan.rule(rule)))
