"""Which contacts' dates come exactly in a period, also when they, or the workspace, have another time zone since lately."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from models.rules.fields import time_of
from models.rules.tree import Field
from models.workflows.contact_dates import read_dates
from models.workflows.graph.tree import Zone
from models.workflows.plan import Plan
from models.workflows.run import Run
from models.workflows.timed import zone_changes
from models.workflows.timed.progress import Progress
from models.workflows.timed.zone_changes import REACH, Changes
from models.workflows.timing import dates
from models.workflows.timing.dates import DateRule
from models.workflows.timing.zone_changes import Stay, met_at


async def those_meeting(
    run: Run, plan: Plan, field: Field, rule: DateRule, period: Progress, contact_ids: Sequence[int]
) -> Sequence[int]:
    """Those of the contacts, found by the zones of now, who meet it in the period."""
    if not contact_ids:
        return contact_ids
    changes = await zone_changes.of(run, contact_ids) if plan.graph.zone is Zone.CONTACT else {}
    by_zone = contact_ids if period.zones_before else [one for one in contact_ids if one in changes]
    rest = (
        contact_ids
        if not by_zone
        else []
        if period.zones_before
        else [one for one in contact_ids if one not in changes]
    )
    met = set(await _by_value(run, plan, field, rule, period, rest))
    for contact_id, meetings in (await _meetings(run, plan, field, rule, period, by_zone, changes)).items():
        if any(_is_in(period, one.moment) for one in meetings):
            met.add(contact_id)
    return sorted(met)


def _is_in(period: Progress, moment: datetime) -> bool:
    assert period.next_at is not None
    assert period.running_at is not None
    return period.next_at < moment <= period.running_at or (period.jumps and moment == period.next_at)


async def _by_value(
    run: Run, plan: Plan, field: Field, rule: DateRule, period: Progress, contact_ids: Sequence[int]
) -> Sequence[int]:
    """Without instants that come each year on another day."""
    if not contact_ids or not rule.yearly or time_of(field).days:
        return contact_ids
    assert period.next_at is not None
    assert period.running_at is not None
    values = await read_dates(run, field, contact_ids)
    names = await run.zones(plan.graph.zone is Zone.CONTACT, contact_ids)
    passing = []
    for contact_id, value in sorted(values.items()):
        found = dates.next_occurrence(value, rule, ZoneInfo(names[contact_id]), period.next_at)
        if found is not None and found <= period.running_at:
            passing.append(contact_id)
    return passing


async def those_who_moved(run: Run, plan: Plan, field: Field, rule: DateRule, period: Progress) -> dict[int, datetime]:
    """Contacts that have met it, before the period, in a zone that they changed to as this batch hears; with when they changed.

    Periods look for those who meet it by the zone that they have then.
    """
    heard = zone_changes.changes_heard(run) if plan.graph.zone is Zone.CONTACT else {}
    if not heard:
        return {}
    changes = await zone_changes.of(run, list(heard))
    met = await _meetings(run, plan, field, rule, period, list(heard), changes)
    since = {contact_id: min(at for _, at in heard[contact_id]) for contact_id in met}
    return {
        contact_id: since[contact_id]
        for contact_id, meetings in met.items()
        if any(_is_missed(period, contact_id, since[contact_id], one) for one in meetings)
    }


def _is_missed(period: Progress, contact_id: int, moved_at: datetime, one: "Meeting") -> bool:
    """Whether no period looks at this contact for this meeting: it is over, or is not found by the zone of now."""
    assert period.next_at is not None
    assert period.running_at is not None
    looked_at = period.running_at if contact_id <= period.after_id else period.next_at
    if one.moment <= looked_at:
        return one.moment >= moved_at
    begins = period.next_at - REACH if period.jumps else period.next_at
    return _is_in(period, one.moment) and not begins < one.by_zone_of_now <= period.running_at


# ---------------------------------------------------------------- when


@dataclass(frozen=True, slots=True)
class Meeting:
    """When a date is met, and when it comes in the zone of now."""

    moment: datetime
    by_zone_of_now: datetime


async def _meetings(
    run: Run,
    plan: Plan,
    field: Field,
    rule: DateRule,
    period: Progress,
    contact_ids: Sequence[int],
    changes: Changes,
) -> dict[int, list[Meeting]]:
    """By contact, when its date is met, once or in several years around the period."""
    if not contact_ids:
        return {}
    workspace = [*period.zones_before, Stay(period.timezone or run.scope.timezone)]
    stays = dict.fromkeys(contact_ids, workspace)
    if plan.graph.zone is Zone.CONTACT:
        stays = await zone_changes.stays(run, contact_ids, changes, workspace)
    values = await read_dates(run, field, contact_ids)
    return {
        contact_id: list(_met(value, rule, stays[contact_id], period))
        for contact_id, value in sorted(values.items())
        if contact_id in stays
    }


def _met(value: date, rule: DateRule, stays: Sequence[Stay], period: Progress) -> Iterator[Meeting]:
    assert period.next_at is not None
    for nth in dates.occurrences_near(value, rule, period.next_at - REACH) if rule.yearly else (0,):

        def comes_at(zone: str, nth: int = nth) -> datetime:
            return dates.nth_occurrence(value, rule, ZoneInfo(zone), nth)

        moment = met_at(comes_at, stays, period.begins_at)
        if moment is not None:
            yield Meeting(moment, comes_at(stays[-1].zone))
