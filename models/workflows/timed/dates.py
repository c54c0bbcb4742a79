"""Dates that let in: contacts whose date, moved and at its local time, comes in the period that was not looked at yet."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from models import db
from models.queue import work
from models.queue.enqueue import enqueue
from models.rules.comparisons import Time
from models.rules.fields import time_of
from models.rules.parameters import Parameters
from models.rules.tree import Field
from models.workflows.causes import NOBODY
from models.workflows.contact_dates import field_of
from models.workflows.graph.events import DateReached
from models.workflows.graph.tree import Trigger, Zone
from models.workflows.plan import Plan
from models.workflows.run import Candidate, Run
from models.workflows.timed import ladder, meetings, progress, zones
from models.workflows.timed.progress import AT_ONCE, Progress
from models.workflows.timed.zone_changes import REACH
from models.workflows.timing import dates, local_times
from models.workflows.timing.dates import NO_OFFSET, DateRule
from models.workflows.timing.zone_changes import Stay

_DAY: Final = timedelta(days=1)

_SOONEST: Final = timedelta(microseconds=1)


async def candidates(run: Run, plan: Plan, trigger: Trigger, known: Progress | None) -> list[Candidate]:
    """Those who enter now, of the period since the last batch."""
    on = trigger.on
    assert isinstance(on, DateReached)
    field, rule = field_of(plan.catalogue, on.field), _rule(on)
    if field is None:  # it is gone: the workflow says so among its problems
        return []
    period = await _period(run, plan, trigger, on, known)
    moved = await meetings.those_who_moved(run, plan, field, rule, period)
    contact_ids = await _coming(run, plan, field, rule, _widened(period))
    await _go_on(run, period, contact_ids)
    passing = await meetings.those_meeting(run, plan, field, rule, period, contact_ids)
    return [
        *(Candidate(plan, trigger.key, one, run.now, NOBODY, by_time=True) for one in passing if one not in moved),
        *(
            Candidate(plan, trigger.key, one, run.now, NOBODY, since=moved_at, by_time=True)
            for one, moved_at in moved.items()
        ),
    ]


async def _period(run: Run, plan: Plan, trigger: Trigger, on: DateReached, known: Progress | None) -> Progress:
    """What is looked at now: the rest of a period that is under way, or what has passed since the last one."""
    now = known if known is not None and known.spec == repr(on) else await _begin(run, plan, trigger, on)
    assert now.next_at is not None
    if now.running_at is not None:
        return now
    since = max(now.next_at, run.lock.ticked_at or now.next_at)
    if now.timezone != run.scope.timezone:
        lately = [stay for stay in now.zones_before if stay.until > run.now - REACH]
        now = replace(now, timezone=run.scope.timezone, zones_before=(*lately, Stay(now.timezone, since)))
    elif now.zones_before and now.zones_before[-1].until <= run.now - REACH:
        now = replace(now, zones_before=())
    return now.begun(run.now, since)


def _widened(period: Progress) -> Progress:
    """What another time zone of the workspace jumped over is found too."""
    assert period.next_at is not None
    return replace(period, next_at=period.next_at - REACH) if period.jumps else period


async def _go_on(run: Run, period: Progress, contact_ids: list[int]) -> None:
    """Keeps how far it has come, where the next batch would not know: from the last tick on."""
    assert period.running_at is not None
    if len(contact_ids) == AT_ONCE:
        await progress.store(run, period.at(contact_ids[-1]))
        run.moments.append(run.now)
    elif period.jumps:
        assert period.next_at is not None
        await progress.store(run, period.over(max(period.running_at, period.next_at + _SOONEST)))
    elif period.after_id:
        await progress.store(run, period.over(period.running_at))


async def those_between(run: Run, plan: Plan, on: DateReached, since: datetime, until: datetime) -> list[int]:
    """The contacts whose date, as it is now, came in (since, until]."""
    field, found = field_of(plan.catalogue, on.field), list[int]()
    period = Progress(plan.workflow_id, "", "", since, since, until)
    while field is not None:
        contact_ids = await _coming(run, plan, field, _rule(on), period, AT_ONCE)
        found += await meetings.those_meeting(run, plan, field, _rule(on), period, contact_ids)
        if len(contact_ids) < AT_ONCE:
            break
        period = period.at(contact_ids[-1])
    return found


def _rule(on: DateReached) -> DateRule:
    return DateRule(on.offset or NO_OFFSET, on.before, on.yearly, on.at)


async def _begin(run: Run, plan: Plan, trigger: Trigger, on: DateReached) -> Progress:
    begun = Progress(plan.workflow_id, trigger.key, repr(on), run.now, run.now, timezone=run.scope.timezone)
    await progress.store(run, begun)
    await enqueue(work.INDEX_DATES, run.workspace_id)
    return begun


async def look_ahead(run: Run, plan: Plan, trigger: Trigger) -> None:
    """Adds the moment at which to look again."""
    on = trigger.on
    assert isinstance(on, DateReached)
    field, rule = field_of(plan.catalogue, on.field), _rule(on)
    if field is None:
        return
    if rule.by_day or time_of(field).days:
        names = await zones.in_use(run) if plan.graph.zone is Zone.CONTACT else [run.scope.timezone]
        run.moments += [dates.next_moment(rule, run.now, ZoneInfo(name)) for name in names]
    else:
        exists = partial(_comes_by, run, plan, field, rule)
        run.moments.append(await ladder.look_again_at(exists, run.now))


async def _comes_by(run: Run, plan: Plan, field: Field, rule: DateRule, until: datetime) -> bool:
    period = Progress(plan.workflow_id, "", "", run.now, run.now, until)
    return bool(await _coming(run, plan, field, rule, period, 1))


# ---------------------------------------------------------------- who


async def _coming(
    run: Run, plan: Plan, field: Field, rule: DateRule, period: Progress, limit: int = AT_ONCE
) -> list[int]:
    """The contacts whose date comes in the period, by id; of instants that come each year also some others."""
    own = period.timezone or run.scope.timezone
    p = Parameters(run.workspace_id, own)
    if plan.graph.zone is Zone.CONTACT:
        names = dict.fromkeys([own, *await zones.of_contacts(run)])
        lookups = [one for name in names for one in _lookups(field, rule, period, name, p, own)]
    else:
        lookups = list(_lookups(field, rule, period, own, p, None))
    if not lookups:
        return []
    after, most = p.bind(period.after_id, "bigint"), p.bind(limit, "integer")
    wanted = " UNION ".join(lookups)
    sql = f"SELECT x.id FROM ({wanted}) AS x WHERE x.id > {after} ORDER BY x.id LIMIT {most}"  # noqa: S608 - all bound
    return [row["id"] for row in await db.fetch(sql, *await p.values(run.now))]


def _lookups(
    field: Field, rule: DateRule, period: Progress, zone_name: str, p: Parameters, workspace_zone: str | None
) -> Iterator[str]:
    """Queries for ids, of those who live there if the workspace's zone is given: none for a zone in which nothing comes."""
    condition = _condition(time_of(field), rule, period, ZoneInfo(zone_name), p)
    if condition:
        there = "" if workspace_zone is None else _lives_in(zone_name, workspace_zone, p)
        yield f"SELECT c.id FROM contacts AS c WHERE c.workspace_id = {p.workspace} AND {condition}{there}"  # noqa: S608


def _lives_in(zone_name: str, workspace_zone: str, p: Parameters) -> str:
    own = f"c.timezone = {p.bind(zone_name, 'text')}"
    return f" AND ({own} OR c.timezone IS NULL)" if zone_name == workspace_zone else f" AND {own}"


def _condition(time: Time, rule: DateRule, period: Progress, zone: ZoneInfo, p: Parameters) -> str:
    assert period.next_at is not None
    assert period.running_at is not None
    since, until = period.next_at, period.running_at
    if not time.days and not rule.by_day:
        instants = dates.instants_between(rule, since, until, zone)
        return _between(time, instants.after, instants.until, p)
    days = dates.days_between(rule, since, until, zone)
    if days.after == days.until:
        return ""
    if rule.yearly:
        return f"({' OR '.join(_anniversary(time, day, p) for day in days.days())})"
    if time.days:
        return _between(time, days.after, days.until, p)
    begins, ends = (local_times.instant_at(day + _DAY, local_times.MIDNIGHT, zone) for day in (days.after, days.until))
    return _between(time, begins - timedelta(microseconds=1), ends - timedelta(microseconds=1), p)


def _between(time: Time, after: date, until: date, p: Parameters) -> str:
    low, high = p.time(after, time.sql_type), p.time(until, time.sql_type)
    valid = f" AND {time.valid}" if time.valid else ""
    return f"({time.expression} > {low} AND {time.expression} <= {high}{valid})"


def _anniversary(time: Time, day: date, p: Parameters) -> str:
    """An instant may be on the day before or after in UTC, by which it is found."""
    around = [day] if time.days else [day - _DAY, day, day + _DAY]
    found = sorted({one for each in around for one in dates.days_of_year(each)})
    if time.as_text:
        of_year = p.bind([f"{one // 100:02}-{one % 100:02}" for one in found], "text[]")
    else:
        of_year = p.bind(found, "numeric[]")
    valid = f" AND {time.valid}" if time.valid else ""
    last = p.time(day if time.days else _end_of(day), time.sql_type)
    return f"({time.day_of_year} = ANY ({of_year}) AND {time.expression} <= {last}{valid})"


def _end_of(day: date) -> datetime:
    return local_times.instant_at(day + 2 * _DAY, local_times.MIDNIGHT, ZoneInfo("UTC"))
