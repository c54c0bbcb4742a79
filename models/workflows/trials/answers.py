"""What nodes meet that depend on the world outside: given as answers, for a walk that tries a workflow."""

from collections.abc import Mapping, Sequence
from typing import Final

from models.errors import DomainError, Invalid, Problems
from models.workflows.arrivals import Arrival
from models.workflows.graph.actions import Action, Send, WaitFor, Webhook
from models.workflows.graph.tree import Graph, GraphNode
from models.workflows.nodes.interface import Settle
from models.workflows.nodes.table import SETTLE
from models.workflows.run import Run

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
            errors.append(
                Invalid(f"{key} has no outcome {str(outcome)[:100]!r}: it has {known}", ("answers", str(key)))
            )
    if errors:
        raise Problems(errors)
    return answers


def settled_by(answers: Answers) -> Mapping[type[Action], Settle]:
    """What settles these nodes instead of what really happens. Without an answer the engine decides; a WEBHOOK goes on."""

    async def settle(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
        outcome = answers.get(node.key, "next" if isinstance(node.do, Webhook) else None)
        if outcome is None:
            await SETTLE[type(node.do)](run, node, arrivals)
            return
        for arrival in arrivals:
            arrival.go(outcome, node.edges[outcome])

    return dict.fromkeys(ANSWERED, settle)
