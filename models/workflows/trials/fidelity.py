"""How much of a trial is sure."""

from collections.abc import Iterable
from enum import StrEnum

from models.errors import DomainError, Problems
from models.rules.tree import SegmentCondition, each_leaf
from models.workflows.graph.actions import Split, WaitUntil
from models.workflows.graph.events import RuleJson, SegmentEntered, SegmentLeft
from models.workflows.graph.mentions import each_event, each_rule
from models.workflows.plan import Plan
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
    """Of a test run: its clock decides, but for scores, and for news that time brings somebody into a segment or out of it."""
    try:
        rules = [plan.rule(mentioned.rule) for mentioned in each_rule(plan.graph)]
    except (DomainError, Problems):
        return Fidelity.AS_OF_NOW
    behind = [await members.rule_of(run, segment_id) for segment_id in _heard_of(plan)]
    heard_of = [rule for rule in behind if rule is not None]
    moves = [await members.crossings_behind(run, rule) for rule in heard_of]
    return _of(not any(moves) and not await members.follow_real_time(run, [*rules, *heard_of]))


def _heard_of(plan: Plan) -> list[int]:
    """The segments of which somebody inside is told who enters or leaves them: in real time."""
    exits = [end for end in plan.graph.exits if end.leaves_trigger]
    return [
        mentioned.event.segment_id
        for mentioned in each_event(plan.graph)
        if isinstance(mentioned.event, SegmentEntered | SegmentLeft)
        and (exits or not mentioned.where.startswith("trigger"))
    ]
