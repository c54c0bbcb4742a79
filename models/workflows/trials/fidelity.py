"""How much of a trial is sure."""

from collections.abc import Iterable
from enum import StrEnum

from models.errors import DomainError, Problems
from models.rules.crossings import crossings_of
from models.rules.tree import Rule, SegmentCondition, each_leaf
from models.workflows.graph.actions import Split, WaitFor, WaitUntil
from models.workflows.graph.events import RuleJson
from models.workflows.graph.mentions import each_event, each_rule
from models.workflows.listeners import ends_of
from models.workflows.plans import Plan
from models.workflows.run import Run
from models.workflows.trials import history, members


class Fidelity(StrEnum):
    """AS_OF_NOW: judged by the contact as it is, because its past or later value is not known."""

    EXACT = "EXACT"
    AS_OF_NOW = "AS_OF_NOW"


def _of(is_exact: bool) -> Fidelity:
    return Fidelity.EXACT if is_exact else Fidelity.AS_OF_NOW


def are_known(plan: Plan, rules: Iterable[RuleJson], *, log_is_whole: bool) -> bool:
    """Whether what these rules (JSON) read is known of the past: of segments, by the log, and of nothing else."""
    try:
        leaves = [leaf for rule in rules for leaf in each_leaf(plan.rule(rule))]
    except (DomainError, Problems):
        return False
    return all(isinstance(leaf, SegmentCondition) for leaf in leaves) and (log_is_whole or not leaves)


def of_nodes(plan: Plan, *, log_is_whole: bool) -> Fidelity:
    """Of the ways through a graph in the past."""
    graph = plan.graph
    rules = [mentioned.rule for mentioned in each_rule(graph) if mentioned.rule is not graph.entry_rule]
    decides = any(
        isinstance(node.do, Split) or (isinstance(node.do, WaitUntil) and node.do.field is not None)
        for node in graph.nodes.values()
    )
    events = [mentioned.event for mentioned in each_event(graph) if not mentioned.where.startswith("trigger")]
    known = all(history.is_known(event) for event in events)
    return _of(not decides and known and are_known(plan, rules, log_is_whole=log_is_whole))


async def of_test(run: Run, plan: Plan) -> Fidelity:
    """Of a test run: its clock decides, but for scores, and for rules that time makes true while somebody waits for them."""
    try:
        rules = [plan.rule(mentioned.rule) for mentioned in each_rule(plan.graph)]
        awaited = [plan.rule(rule) for rule in _awaited(plan)]
    except (DomainError, Problems):
        return Fidelity.AS_OF_NOW
    return _of(not await members.follow_real_time(run, rules) and not any(map(_moves, awaited)))


def _awaited(plan: Plan) -> Iterable[RuleJson]:
    yield from (end.rule for end in ends_of(plan.graph) if end.rule is not None)
    for node in plan.graph.nodes.values():
        if isinstance(node.do, WaitFor) and node.do.rule is not None:
            yield node.do.rule


def _moves(rule: Rule) -> bool:
    """Whether time alone can make it true; of segments this is heard in real time only."""
    return bool(crossings_of(rule)) or any(isinstance(leaf, SegmentCondition) for leaf in each_leaf(rule))
