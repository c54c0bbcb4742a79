"""What nodes meet that depend on the world outside: given as answers, for a walk that tries a workflow."""

from collections.abc import Mapping, Sequence
from typing import Final
from zoneinfo import ZoneInfo

from models.errors import DomainError, Invalid, Problems
from models.workflows.arrivals import Arrival
from models.workflows.graph.actions import Action, Enroll, Send, WaitFor, Webhook
from models.workflows.graph.tree import Graph, GraphNode, Zone
from models.workflows.inside.asking import first_that_holds
from models.workflows.nodes.interface import Settle
from models.workflows.run import Run
from models.workflows.timing import waits

ANSWERED: Final = (WaitFor, Send, Webhook)

Answers = Mapping[str, str]
"""An outcome by the key of the node."""


def check_answers(graph: Graph, answers: object) -> Answers:
    """Raises Problems below `answers`."""
    if not isinstance(answers, Mapping):
        raise Invalid("answers must be an object: an outcome by the key of a WAIT_FOR, SEND or WEBHOOK", ("answers",))
    errors: list[DomainError] = []
    for key, outcome in answers.items():
        node = graph.nodes.get(key)
        if node is None or not isinstance(node.do, ANSWERED):
            errors.append(Invalid("no WAIT_FOR, SEND or WEBHOOK has this key", ("answers", str(key))))
        elif outcome not in node.edges:
            known = ", ".join(node.edges)
            errors.append(Invalid(f"{key} has no outcome {outcome!r}: it has {known}", ("answers", str(key))))
    if errors:
        raise Problems(errors)
    return answers


def settled_by(answers: Answers) -> Mapping[type[Action], Settle]:
    """What settles these nodes instead of what really happens. Without an answer a WAIT_FOR meets nothing but its rule."""

    async def wait_for(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
        await _wait_for(run, node, arrivals, answers.get(node.key))

    async def outside(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:  # noqa: ARG001
        outcome = answers.get(node.key, "next")
        for arrival in arrivals:
            arrival.go(outcome, node.edges[outcome])

    return {WaitFor: wait_for, Send: outside, Webhook: outside, Enroll: outside}


async def _wait_for(run: Run, node: GraphNode, arrivals: Sequence[Arrival], answer: str | None) -> None:
    do = node.do
    assert isinstance(do, WaitFor)
    contact_ids = [arrival.contact_id for arrival in arrivals]
    plan = arrivals[0].plan
    holds: Mapping[int, int] = {}
    if answer is None and do.rule is not None:
        holds = await first_that_holds(run, f"node {node.key}", (do.rule,), plan, contact_ids)
    zones = await run.zones(plan.graph.zone is Zone.CONTACT, contact_ids)
    for arrival in arrivals:
        ends_at = waits.after(arrival.node_at, do.timeout, ZoneInfo(zones[arrival.contact_id]))
        if answer == "next" or arrival.contact_id in holds:
            arrival.go("next", do.next)
        elif ends_at <= run.now:
            arrival.go("timedOut", do.timed_out)
        else:
            arrival.wait(ends_at)
