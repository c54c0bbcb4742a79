"""What happens to those inside: it ends waits, reaches goals and leads out. In the order in which it happened to each contact."""

from collections.abc import Iterable, Sequence

from models.messaging.milestones import OWN_MESSAGE
from models.workflows import sources, wakes
from models.workflows.arrivals import Arrival, End, State
from models.workflows.happenings import Happening
from models.workflows.inside import ends, occurrences
from models.workflows.inside.matching import Matching
from models.workflows.run import Run
from models.workflows.walk import walk

Due = tuple[Happening, list[Arrival]]


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
    later = [one for contact_id in contacts for one in run.happened.get(contact_id, ())]
    await _in_order(run, sorted(later, key=lambda one: one.order), arrivals)


async def _in_order(run: Run, happened: Sequence[Happening], arrivals: Sequence[Arrival]) -> None:
    """The first thing that happened to each contact, then the second one: between them all go as far as they come."""
    if not happened or not arrivals:
        return
    matching = Matching(run, happened)
    for round_ in _rounds(happened, arrivals):
        asked: list[Arrival] = []
        for one, concerned in round_:
            for arrival in concerned:
                if arrival.ended is None and one.order > arrival.order and _concerns(one, arrival):
                    await _apply(run, matching, one, arrival)
                    if sources.listened(one.word) in arrival.plan.listeners.asked:
                        asked.append(arrival)
        await ends.look(run, asked)
        await walk(run, [arrival for _, concerned in round_ for arrival in concerned if arrival.ended is None])


def _rounds(happened: Iterable[Happening], arrivals: Sequence[Arrival]) -> list[list[Due]]:
    of_contact: dict[int, list[Arrival]] = {}
    for arrival in arrivals:
        of_contact.setdefault(arrival.contact_id, []).append(arrival)
    rounds: list[list[Due]] = []
    times: dict[int, int] = {}
    for one in happened:
        concerned = of_contact.get(one.contact_id)
        if concerned is None:
            continue
        index = times[one.contact_id] = times.get(one.contact_id, -1) + 1
        if index == len(rounds):
            rounds.append([])
        rounds[index].append((one, concerned))
    return rounds


async def _apply(run: Run, matching: Matching, one: Happening, arrival: Arrival) -> None:
    if await _leads_out(matching, one, arrival):
        return
    listeners = arrival.plan.listeners
    for event in listeners.goals.get(one.word, ()):
        if await matching.is_event(arrival.plan, event, one, arrival.id):
            ends.reach_goal(run, arrival)
    if arrival.ended is not None:
        return
    for awaited in listeners.awaited.get(one.word, ()):
        if await matching.is_event(arrival.plan, awaited.event, one, arrival.id):
            is_there = arrival.key == awaited.node
            if is_there or awaited.look_back:
                occurrences.record(run, arrival, awaited.key)
            if is_there:
                wakes.wake(run, arrival)
    if arrival.key in listeners.settled_again.get(sources.listened(one.word), ()) or _is_own_message(one, arrival):
        wakes.wake(run, arrival)


async def _leads_out(matching: Matching, one: Happening, arrival: Arrival) -> bool:
    listeners = arrival.plan.listeners
    for event in listeners.exits.get(one.word, ()):
        if await matching.is_event(arrival.plan, event, one, arrival.id):
            arrival.end(End.EXIT_RULE)
            return True
    if one.word.startswith(sources.LEFT):
        segment_id = int(one.word.removeprefix(sources.LEFT))
        if arrival.trigger in listeners.left.get(segment_id, ()):
            arrival.end(End.LEFT_SEGMENT)
            return True
    return False


def _concerns(one: Happening, arrival: Arrival) -> bool:
    return one.word == OWN_MESSAGE or one.concerns(arrival.plan)


def _is_own_message(one: Happening, arrival: Arrival) -> bool:
    """News of the message that it waits for at a SEND."""
    waits = arrival.message_id is not None and arrival.state in (State.WAITING, State.HELD)
    return waits and one.word == OWN_MESSAGE and (one.detail or {}).get("message") == arrival.message_id
