"""TAGS_CHANGE and FIELD_SET: what a workflow changes about a contact."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from models import db
from models.contacts import fields as contact_fields
from models.contacts import many
from models.contacts.attributes import ContactField, check_value
from models.contacts.built_in_fields import MOST_TAGS, check_column
from models.contacts.update import update_contact
from models.errors import MusterError, NotFound
from models.rules.tree import FieldType
from models.values.instants import write_instant
from models.workflows import holding
from models.workflows.arrivals import Arrival, go_together
from models.workflows.graph.actions import FieldSet, TagsChange
from models.workflows.graph.tree import GraphNode, Zone
from models.workflows.run import Run

_ATTRIBUTE = "attributes."


async def change_tags(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    """A contact that would get too many tags has FAILED."""
    do = node.do
    assert isinstance(do, TagsChange)
    spelled = await holding.spell_tags(run.held, do.add)
    await holding.hold_written(run.held, _contacts(arrivals))
    async for group in run.by_cause(arrivals):
        full = await many.change_tags(run.scope, [arrival.contact_id for arrival in group], spelled, do.remove)
        for arrival in group:
            arrival.has_changed = True
            if arrival.contact_id in full:
                arrival.fail(f"a contact holds at most {MOST_TAGS} tags")
            else:
                arrival.go("next", do.next)


async def set_field(run: Run, node: GraphNode, arrivals: Sequence[Arrival]) -> None:
    """A contact that cannot have the value has FAILED, with the reason."""
    do = node.do
    assert isinstance(do, FieldSet)
    await holding.hold_written(run.held, _contacts(arrivals))
    async for group in run.by_cause(arrivals):
        try:
            await _set(run, do, group)
        except MusterError as error:
            for arrival in group:
                arrival.fail(str(error))
    for arrival in arrivals:
        arrival.has_changed = True
    go_together([arrival for arrival in arrivals if not arrival.is_settled], "next", do.next)


async def _set(run: Run, do: FieldSet, arrivals: Sequence[Arrival]) -> None:
    """Fails those of the arrivals whose own contact cannot have the value. Raises MusterError when nobody can."""
    if do.field.startswith(_ATTRIBUTE):
        await _set_attribute(run, do, arrivals)
    elif do.increment is not None:
        for times, contact_ids in _by_times(arrivals):
            await many.increase_score(run.scope, contact_ids, times * round(do.increment))
    elif do.field in many.PLAIN_COLUMNS:
        for value, some in await _values(run, do, arrivals, None):
            checked = check_column(do.field, value, run.scope.default_country)
            await many.set_column(run.scope, _contacts(some), do.field, checked)
    else:
        await _set_one_by_one(run, do, arrivals)


async def _set_attribute(run: Run, do: FieldSet, arrivals: Sequence[Arrival]) -> None:
    field = (await contact_fields.load_to_write(run.scope)).get(do.field.removeprefix(_ATTRIBUTE))
    if field is None:
        raise NotFound(f"there is no field {do.field!r} any more")
    if do.increment is not None:
        for times, contact_ids in _by_times(arrivals):
            await many.increase_attribute(run.scope, contact_ids, field.key, times * do.increment)
        return
    for value, some in await _values(run, do, arrivals, field):
        await many.set_attribute(run.scope, _contacts(some), field.key, check_value(field, value))


async def _values(
    run: Run, do: FieldSet, arrivals: Sequence[Arrival], field: ContactField | None
) -> list[tuple[Any, Sequence[Arrival]]]:
    """The value, and who gets it: of a day, that on which it is now in the zone of each."""
    if not do.now:
        return [(do.value, arrivals)]
    is_day = do.field == "date_of_birth" if field is None else field.type is FieldType.DATE
    if not is_day:
        return [(run.now if field is None else write_instant(run.now), arrivals)]
    of_contact = arrivals[0].plan.graph.zone is Zone.CONTACT
    zones = await run.zones(of_contact, {arrival.contact_id for arrival in arrivals})
    days: dict[str, list[Arrival]] = {}
    for arrival in arrivals:
        days.setdefault(_day(run.now, zones[arrival.contact_id]), []).append(arrival)
    return list(days.items())


def _day(now: datetime, zone: str) -> str:
    return now.astimezone(ZoneInfo(zone)).date().isoformat()


async def _set_one_by_one(run: Run, do: FieldSet, arrivals: Sequence[Arrival]) -> None:
    """Keys, names and consent have rules of their own for each contact."""
    for arrival in arrivals:
        try:
            async with db.savepoint():
                await update_contact(run.scope, arrival.contact_id, {do.field: do.value})
        except (MusterError, *db.UniqueViolation) as error:
            arrival.fail(str(error) if isinstance(error, MusterError) else "another contact has this value")


def _by_times(arrivals: Sequence[Arrival]) -> list[tuple[int, list[int]]]:
    """A contact that comes by several times at once counts as often."""
    of_times: dict[int, list[int]] = {}
    for contact_id, times in Counter(_contacts(arrivals)).items():
        of_times.setdefault(times, []).append(contact_id)
    return list(of_times.items())


def _contacts(arrivals: Sequence[Arrival]) -> list[int]:
    return [arrival.contact_id for arrival in arrivals]
