"""What happens to those inside: it ends waits, reaches goals and leads out. In the order in which it happened to each contact."""

from collections.abc import Iterable, Sequence

from models.messaging.milestones import OWN_MESSAGE
from models.workflows import sources, wakes
from models.workflows.arrivals import Arrival
from models.workflows.happenings import Happening
from models.workflows.inside import ends, occurrences
from models.workflows.inside.matching import Matching
from models.workflows.run import Run
from models.workflows.states import EnrollmentEnd, EnrollmentState
from models.workflows.walk import walk

Round = list[tuple[list[Happening], list[Arrival]]]
"""Of some contacts: what happened at once, and those that it concerns."""


async def heed(run: Run, happened: Sequence[Happening]) -> None:
    """For those who were inside before this batch."""
    wanted = {
        word
        for word in {one.word for one in happened}
        if sources.listened(word) in run.plans.heard or word == OWN_MESSAGE
    }
    heard = [one for one in happened if one.word in wanted] if wanted else []
    if not heard:
        return
    arrivals = await wakes.of_contacts(run, list(dict.fromkeys(one.contact_id for one in heard)))
    await _in_order(run, heard, arrivals)


async def heed_these(run: Run, happened: Sequence[Happening], arrivals: Sequence[Arrival]) -> None:
    """For those of the arrivals to whose contacts it happened."""
    heard = [one for one in happened if sources.listened(one.word) in run.plans.heard]
    await _in_order(run, heard, arrivals)


async def heed_new(run: Run, arrivals: Sequence[Arrival]) -> None:
    """For those who entered in this batch: what happened after that which let them in."""
    if not any(plan.listeners.words for plan in {arrival.plan for arrival in arrivals}):
        return
    contacts = {arrival.contact_id for arrival in arrivals}
    later = [one for contact_id in contacts for one in run.happened_to(contact_id)]
    await _in_order(run, sorted(later, key=lambda one: one.order), arrivals)


async def _in_order(run: Run, happened: Sequence[Happening], arrivals: Sequence[Arrival]) -> None:
    """The first thing that happened to each contact, then the second one: between them all go as far as they come."""
    if not happened or not arrivals:
        return
    matching = Matching(run, happened)
    for round_ in _rounds(happened, arrivals):
        await _heed_round(run, matching, round_)


def _rounds(happened: Iterable[Happening], arrivals: Sequence[Arrival]) -> list[Round]:
    """The words of one mark tell of one change: they are heeded together."""
    of_contact: dict[int, list[Arrival]] = {}
    for arrival in arrivals:
        of_contact.setdefault(arrival.contact_id, []).append(arrival)
    rounds: list[Round] = []
    changes: dict[int, list[list[Happening]]] = {}
    for one in happened:
        if one.contact_id not in of_contact:
            continue
        known = changes.setdefault(one.contact_id, [])
        if known and one.position is None is known[-1][-1].position and known[-1][-1].at == one.at:
            known[-1].append(one)
            continue
        known.append([one])
        if len(known) > len(rounds):
            rounds.append([])
        rounds[len(known) - 1].append((known[-1], of_contact[one.contact_id]))
    return rounds


async def _heed_round(run: Run, matching: Matching, round_: Round) -> None:
    """Exits come first, then the goal, then what waits. At the end all go as far as they come."""
    concerned = [
        (arrival, [one for one in change if one.order > arrival.order and _concerns(one, arrival)])
        for change, arrivals in round_
        for arrival in arrivals
    ]
    for arrival, change in concerned:
        await _lead_out(run, matching, change, arrival)
    await ends.look(run, [arrival for arrival, change in concerned if arrival.ended is None and _asks(arrival, change)])
    for arrival, change in concerned:
        if arrival.ended is None:
            await _end_waits(run, matching, change, arrival)
    await walk(run, [arrival for arrival, _ in concerned if arrival.ended is None])


def _asks(arrival: Arrival, change: Sequence[Happening]) -> bool:
    return any(sources.listened(one.word) in arrival.plan.listeners.asked for one in change)


async def _lead_out(run: Run, matching: Matching, change: Sequence[Happening], arrival: Arrival) -> None:
    for one in change:
        if arrival.ended is not None or await _leads_out(matching, one, arrival):
            return
    for one in change:
        for event in arrival.plan.listeners.goals.get(one.word, ()):
            if arrival.ended is None and await matching.is_event(arrival.plan, event, one, arrival.id):
                ends.reach_goal(run, arrival)


async def _end_waits(run: Run, matching: Matching, change: Sequence[Happening], arrival: Arrival) -> None:
    listeners = arrival.plan.listeners
    for one in change:
        for awaited in listeners.awaited.get(one.word, ()):
            is_there = arrival.key == awaited.node
            if (is_there or awaited.look_back) and await matching.is_event(
                arrival.plan, awaited.event, one, arrival.id
            ):
                occurrences.record(run, arrival, awaited.key)
                _has_to_be_followed(run, arrival, one)
                if is_there:
                    wakes.wake(run, arrival)
        again = listeners.settled_again.get(sources.listened(one.word), ())
        if arrival.key in again or _is_own_message(one, arrival):
            _has_to_be_followed(run, arrival, one)
            wakes.wake(run, arrival)


def _has_to_be_followed(run: Run, arrival: Arrival, one: Happening) -> None:
    """Segments that follow from a change of members may not include it yet. Of what is signalled they do."""
    if one.position is not None:
        arrival.fresh_at = run.lock.clock_at


async def _leads_out(matching: Matching, one: Happening, arrival: Arrival) -> bool:
    listeners = arrival.plan.listeners
    for event in listeners.exits.get(one.word, ()):
        if await matching.is_event(arrival.plan, event, one, arrival.id):
            arrival.end(EnrollmentEnd.EXIT_RULE)
            return True
    if one.word.startswith(sources.LEFT):
        segment_id = int(one.word.removeprefix(sources.LEFT))
        if arrival.trigger in listeners.left.get(segment_id, ()):
            arrival.end(EnrollmentEnd.LEFT_SEGMENT)
            return True
    return False


def _concerns(one: Happening, arrival: Arrival) -> bool:
    return one.word == OWN_MESSAGE or one.concerns(arrival.plan)


def _is_own_message(one: Happening, arrival: Arrival) -> bool:
    """News of the message that it waits for at a SEND."""
    waits = arrival.message_id is not None and arrival.state in (EnrollmentState.WAITING, EnrollmentState.HELD)
    return waits and one.word == OWN_MESSAGE and (one.detail or {}).get("message") == arrival.message_id
