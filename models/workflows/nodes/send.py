"""SEND: a message through the ledger, whose fate decides where the contact goes."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from models import db
from models.db.tables.broadcasts import MessageTemplate
from models.errors import DomainError
from models.messaging import channels, enrollment_messages, templates
from models.messaging.enrollment_messages import EnrollmentMessage
from models.workflows import freshness, pausing
from models.workflows.arrivals import Arrival
from models.workflows.graph.actions import Send
from models.workflows.graph.tree import GraphNode, Zone
from models.workflows.inside import ends
from models.workflows.messages import decisions, recipients, senders, test_messages
from models.workflows.messages.decisions import Hold, PutOff, Recipient, SendNow, Settled, Skip
from models.workflows.run import Run

Zones = dict[int, ZoneInfo]


async def send(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    """Those whose message is in the ledger are asked about it; for the others it is decided whether they get one."""
    do = node.do
    assert isinstance(do, Send)
    zones = await _zones(run, arrivals)
    new = [arrival for arrival in arrivals if arrival.message_id is None]
    await _follow(run, do, [arrival for arrival in arrivals if arrival.message_id is not None], zones)
    await _begin(run, do, await _still_inside(run, new), zones)


async def _zones(run: Run, arrivals: Sequence[Arrival]) -> Zones:
    graph = arrivals[0].plan.graph
    of_contact = graph.zone is Zone.CONTACT and graph.send_window is not None
    found = await run.zones(of_contact, {arrival.contact_id for arrival in arrivals})
    return {contact_id: ZoneInfo(name) for contact_id, name in found.items()}


# ---------------------------------------------------------------- a message in the ledger


async def _follow(run: Run, do: Send, arrivals: Sequence[Arrival], zones: Zones) -> None:
    ids = {arrival.message_id: arrival for arrival in arrivals if arrival.message_id is not None}
    states = await enrollment_messages.states(run.workspace_id, list(ids)) if ids else {}
    put_off: dict[int, PutOff] = {}
    for message_id, arrival in ids.items():
        state = states.get(message_id)
        if state is None:  # no longer kept: it was settled long ago
            _leave(arrival, do, "next", None)
            continue
        decision = decisions.after(state, do, arrival.plan.graph.send_window, zones[arrival.contact_id], run.now)
        if isinstance(decision, Settled):
            _leave(arrival, do, decision.outcome, {"status": state.status, "reason": state.reason})
        elif isinstance(decision, PutOff):
            put_off[message_id] = decision
            arrival.wait(decision.closes_at)
        else:
            arrival.wait(decision.until)
    if put_off:
        await enrollment_messages.put_off(
            run.workspace_id, {id_: (one.due_at, one.closes_at) for id_, one in put_off.items()}
        )


def _leave(arrival: Arrival, do: Send, outcome: str, detail: dict[str, str | None] | None) -> None:
    arrival.message_id = None
    told = {name: value for name, value in (detail or {}).items() if value is not None}
    arrival.go(outcome, decisions.edge_of(do, outcome), db.dump_json(told) if told else None)


# ---------------------------------------------------------------- whether there is one


async def _still_inside(run: Run, arrivals: Sequence[Arrival]) -> list[Arrival]:
    """Nobody gets a message who has just bought, or left: what led out, or to the goal, is heeded first."""
    graph = None if not arrivals else arrivals[0].plan.graph
    if graph is None or run.test_id is not None or (not graph.exits and graph.goal is None):
        return list(arrivals)
    heard = await freshness.those_heard(run, arrivals)
    await ends.look(run, heard)
    return [arrival for arrival in heard if arrival.ended is None]


async def _begin(run: Run, do: Send, arrivals: Sequence[Arrival], zones: Zones) -> None:
    if not arrivals:
        return
    try:
        template = await _template(run, do)
    except DomainError as error:
        await _stop(run, arrivals, f"A message could not be sent: {error.message}.")
        return
    found = await recipients.read(run.scope, template, do, {arrival.contact_id for arrival in arrivals})
    sending: list[tuple[Arrival, Recipient, SendNow]] = []
    for arrival in arrivals:
        recipient = found.get(arrival.contact_id) or decisions.nobody(arrival.contact_id)
        window, zone = arrival.plan.graph.send_window, zones[arrival.contact_id]
        decision = decisions.before(recipient, do, window, zone, run.now, control=arrival.control)
        match decision:
            case Skip(reason):
                _leave(arrival, do, "skipped", {"reason": reason})
            case Hold(reason, until):
                arrival.hold(reason, until)
            case SendNow():
                sending.append((arrival, recipient, decision))
    await _send(run, do, template, sending)


async def _template(run: Run, do: Send) -> MessageTemplate:
    """Raises DomainError unless it can be sent by the workspace's channel."""
    channel = await channels.get(run.scope)
    template = await templates.get(run.scope, do.template_id, ("templateId",))
    templates.must_be_sendable(template)
    templates.must_be_of(template, channel.business_account_id)
    return template


async def _stop(run: Run, arrivals: Sequence[Arrival], reason: str) -> None:
    if run.test_id is not None:
        for arrival in arrivals:
            arrival.fail(reason)
        return
    await pausing.pause_by_itself(run.workspace_id, arrivals[0].plan.workflow_id, reason)
    for arrival in arrivals:
        arrival.pause(passed=True)


async def _send(
    run: Run, do: Send, template: MessageTemplate, sending: Sequence[tuple[Arrival, Recipient, SendNow]]
) -> None:
    if not sending:
        return
    if run.test_id is not None:
        await test_messages.send(run.scope, run.test_id, template, [recipient for _, recipient, _ in sending])
        for arrival, _, _ in sending:
            _leave(arrival, do, "next", {"status": "TEST"})
        return
    first = sending[0][0]
    source = await senders.find_or_begin(
        run.workspace_id, first.plan.workflow_id, first.node_number, template, ignores_cap=do.ignore_cap
    )
    messages = [
        EnrollmentMessage(
            arrival.id, arrival.visit, arrival.contact_id, recipient.phone or "", recipient.parameters, now.closes_at
        )
        for arrival, recipient, now in sending
    ]
    ids = await enrollment_messages.add(run.workspace_id, source, messages, run.now)
    for arrival, _, now in sending:
        arrival.message_id = ids[arrival.id]
        arrival.wait(now.closes_at)
