"""ENROLL: lets the contact into another workflow as well, by its own rules."""

from collections.abc import Sequence

from models.workflows.arrivals import Arrival, go_together
from models.workflows.graph.actions import Enroll
from models.workflows.graph.events import Manual
from models.workflows.graph.tree import GraphNode, Trigger
from models.workflows.run import Candidate, Run


async def enroll(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    """Goes on at once. The other workflow may turn the contact away, as it may with any other entry."""
    do = node.do
    assert isinstance(do, Enroll)
    other = run.plans.running.get(do.workflow_id)
    for arrival in arrivals:
        if other is not None and other.lets_in:
            fresh_at = run.lock.clock_at if arrival.fresh_at is None else arrival.fresh_at
            run.joining.append(
                Candidate(
                    other,
                    manual_trigger(other.graph.triggers),
                    arrival.contact_id,
                    run.now,
                    arrival.cause,
                    fresh_at=fresh_at,
                    has_changed=arrival.has_changed,
                )
            )
    go_together(arrivals, "next", do.next)


def manual_trigger(triggers: Sequence[Trigger]) -> str:
    """The key of the MANUAL trigger; `manual` in a workflow that has none."""
    return next((trigger.key for trigger in triggers if isinstance(trigger.on, Manual)), "manual")
