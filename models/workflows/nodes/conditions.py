"""CONDITION and BRANCH: which rule holds for the contact at this moment."""

from collections.abc import Mapping, Sequence

from models.errors import MusterError
from models.workflows import freshness
from models.workflows.arrivals import Arrival, go_together
from models.workflows.graph.actions import Branch, Condition
from models.workflows.graph.events import RuleJson
from models.workflows.graph.tree import GraphNode
from models.workflows.inside.asking import first_that_holds, reads_segments
from models.workflows.run import Run


async def condition(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    """Yes where the rule holds, else no."""
    do = node.do
    assert isinstance(do, Condition)
    fresh = await _fresh(run, node, (do.rule,), arrivals)
    holds = await _first_that_holds(run, node, (do.rule,), fresh)
    go_together([one for one in fresh if one.contact_id in holds], "yes", do.yes)
    go_together([one for one in fresh if one.contact_id not in holds], "no", do.no)


async def branch(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    """The first case whose rule holds."""
    do = node.do
    assert isinstance(do, Branch)
    rules = [case.rule for case in do.cases]
    fresh = await _fresh(run, node, rules, arrivals)
    holds = await _first_that_holds(run, node, rules, fresh)
    for arrival in fresh:
        index = holds.get(arrival.contact_id)
        if index is None:
            arrival.go("otherwise", do.otherwise)
        else:
            arrival.go(do.cases[index].name, do.cases[index].next)


async def _first_that_holds(
    run: Run, node: GraphNode, rules: Sequence[RuleJson], arrivals: Sequence[Arrival]
) -> Mapping[int, int]:
    if not arrivals or not rules:
        return {}
    contact_ids = list(dict.fromkeys(arrival.contact_id for arrival in arrivals))
    return await first_that_holds(run, f"node {node.key}", rules, arrivals[0].plan, contact_ids)


async def _fresh(run: Run, node: GraphNode, rules: Sequence[RuleJson], arrivals: Sequence[Arrival]) -> list[Arrival]:
    """The arrivals whose segments are right, if the rules read segments as they stand. A rule that cannot be read fails all."""
    plan = arrivals[0].plan
    try:
        reads = any(reads_segments(plan, rule) for rule in rules)
    except MusterError as error:
        for arrival in arrivals:
            arrival.fail(f"the rule of {node.key!r} can no longer be read: {error}")
        return []
    return await freshness.those_fresh(run, arrivals) if reads and run.members_then is None else list(arrivals)
