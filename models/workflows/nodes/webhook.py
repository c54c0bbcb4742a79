"""WEBHOOK: a signed request to an endpoint of the workspace, whose outcome decides where the contact goes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from models import db
from models.destinations.webhooks import messages
from models.destinations.webhooks.event_types import WORKFLOW_MESSAGE
from models.destinations.webhooks.messages import Message, MessageOutcome, MessageSource
from models.values.global_ids import to_global_id
from models.workflows import pausing
from models.workflows.arrivals import Arrival
from models.workflows.graph.actions import Webhook
from models.workflows.graph.tree import GraphNode
from models.workflows.run import Run

VISIT: Final = "WORKFLOW_VISIT"
"""The kind of source of its messages: an enrollment at a node, once."""

_VISITS: Final = 2**24
"""More visits than one enrollment makes: the number of a source holds the enrollment and its visit."""

SOONEST: Final = timedelta(seconds=1)
LATEST: Final = timedelta(minutes=5)
"""How soon, and how late, it is asked again what became of a request. Between them after half of the time it has waited."""


async def webhook(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    """A request is written once per visit, and sent with the retries of all webhooks. Test runs write none."""
    do = node.do
    assert isinstance(do, Webhook)
    if run.test_id is not None:
        for arrival in arrivals:
            arrival.go("next", do.next, db.dump_json({"status": "TEST"}))
        return
    found = await messages.outcomes(run.scope, VISIT, [_source_id(arrival) for arrival in arrivals])
    new = []
    for arrival in arrivals:
        outcome = found.get(_source_id(arrival))
        if outcome is None:
            new.append(arrival)
        else:
            _follow(arrival, do, outcome, run.now)
    if new:
        await _send(run, node, do, new)


def _source_id(arrival: Arrival) -> int:
    return arrival.id * _VISITS + arrival.visit


def _follow(arrival: Arrival, do: Webhook, outcome: MessageOutcome, now: datetime) -> None:
    match outcome:
        case MessageOutcome.WAITING:
            arrival.wait(now + min(max((now - arrival.node_at) / 2, SOONEST), LATEST))
        case MessageOutcome.DELIVERED:
            arrival.go("next", do.next)
        case _ if do.failed is not None:
            arrival.go("failed", do.failed, db.dump_json({"status": outcome}))
        case _:
            arrival.fail(_WHY[outcome])


_WHY: Final = {
    MessageOutcome.FAILED: "the endpoint did not take the request; the deliveries of the endpoint say why",
    MessageOutcome.SKIPPED: "the request was not sent: it waited for more than five days, or the endpoint is gone",
}


async def _send(run: Run, node: GraphNode, do: Webhook, arrivals: Sequence[Arrival]) -> None:
    if not await messages.can_receive(run.scope, do.endpoint_id):
        reason = f"The endpoint of node {node.key} was deleted, or does not take {WORKFLOW_MESSAGE} any more."
        await pausing.pause_by_itself(run.workspace_id, arrivals[0].plan.workflow_id, reason)
        for arrival in arrivals:
            arrival.pause(passed=True)
        return
    sent = [Message(MessageSource(VISIT, _source_id(one)), _data(one, node, do), one.contact_id) for one in arrivals]
    await messages.send(run.scope, do.endpoint_id, sent)
    for arrival in arrivals:
        arrival.wait(run.now + SOONEST)


def _data(arrival: Arrival, node: GraphNode, do: Webhook) -> dict[str, Any]:
    return {
        "contactId": to_global_id("Contact", arrival.contact_id),
        "workflowId": to_global_id("Workflow", arrival.plan.workflow_id),
        "enrollmentId": to_global_id("Enrollment", arrival.id),
        "node": node.key,
        "body": do.body,
    }
