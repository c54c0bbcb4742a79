"""Dates that let in: contacts whose date, moved and at its local time, comes in the period that was not looked at yet."""

from collections.abc import Iterator
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
from models.workflows.contact_dates import field_of, read_dates
from models.workflows.graph.events import DateReached
from models.workflows.graph.tree import Trigger, Zone
from models.workflows.plans import Plan
from models.workflows.run import Candidate, Run
from models.workflows.timed import ladder, progress, zones
from models.workflows.timed.progress import AT_ONCE, Progress
from models.workflows.timing import dates, local_times
from models.workflows.timing.dates import NO_OFFSET, DateRule

_DAY: Final = timedelta(days=1)


async def candidates(run: Run, plan: Plan, trigger: Trigger, known: Progress | None) -> list[Candidate]:
    """Those who enter now, of the period since the last batch."""
    on = trigger.on
    assert isinstance(on, DateReached)
    field = field_of(plan.catalogue, on.field)
    if field is None:  # it is gone: the workflow says so among its problems
        return []
    now = known if known is not None and known.spec == repr(on) else await _begin(run, plan, trigger, on)
    assert now.next_at is not None
    if now.running_at is None:
        now = now.begun(run.now, max(now.next_at, run.lock.ticked_at or now.next_at))
    contact_ids = await _coming(run, plan, field, _rule(on), now)
    is_all = len(contact_ids) < AT_ONCE
    if not is_all:
        await progress.store(run, now.at(contact_ids[-1]))
        run.moments.append(run.now)
    elif now.after_id:
        await progress.store(run, now.over(now.running_at))
    passing = await _exactly(run, plan, field, _rule(on), now, contact_ids)
    return [Candidate(plan, trigger.key, contact_id, run.now, NOBODY) for contact_id in passing]


async def those_between(run: Run, plan: Plan, on: DateReached, since: datetime, until: datetime) -> list[int]:
    """The contacts whose date, as it is now, came in (since, until]."""
    field, found = field_of(plan.catalogue, on.field), list[int]()
    period = Progress(plan.workflow_id, "", "", since, since, until)
    while field is not None:
        contact_ids = await _coming(run, plan, field, _rule(on), period, AT_ONCE)
        found += await _exactly(run, plan, field, _rule(on), period, contact_ids)
        if len(contact_ids) < AT_ONCE:
            break
        period = period.at(contact_ids[-1])
    return found


def _rule(on: DateReached) -> DateRule:
    return DateRule(on.offset or NO_OFFSET, on.before, on.yearly, on.at)


async def _begin(run: Run, plan: Plan, trigger: Trigger, on: DateReached) -> Progress:
    begun = Progress(plan.workflow_id, trigger.key, repr(on), run.now, run.now)
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
    p = Parameters(run.workspace_id, run.scope.timezone)
    if plan.graph.zone is Zone.CONTACT:
        lookups = [one for name in await zones.in_use(run) for one in _lookups(run, field, rule, period, name, p)]
    else:
        lookups = list(_lookups(run, field, rule, period, None, p))
    if not lookups:
        return []
    after, most = p.bind(period.after_id, "bigint"), p.bind(limit, "integer")
    wanted = " UNION ".join(lookups)
    sql = f"SELECT x.id FROM ({wanted}) AS x WHERE x.id > {after} ORDER BY x.id LIMIT {most}"  # noqa: S608 - all bound
    return [row["id"] for row in await db.fetch(sql, *await p.values(run.now))]


def _lookups(
    run: Run, field: Field, rule: DateRule, period: Progress, zone_name: str | None, p: Parameters
) -> Iterator[str]:
    """Queries for ids: nothing for a zone in which nothing comes."""
    zone = ZoneInfo(zone_name or run.scope.timezone)
    condition = _condition(time_of(field), rule, period, zone, p)
    if condition:
        own = "" if zone_name is None else f" AND {_lives_in(run, zone_name, p)}"
        yield f"SELECT c.id FROM contacts AS c WHERE c.workspace_id = {p.workspace} AND {condition}{own}"  # noqa: S608


def _lives_in(run: Run, zone_name: str, p: Parameters) -> str:
    own = f"c.timezone = {p.bind(zone_name, 'text')}"
    return f"({own} OR c.timezone IS NULL)" if zone_name == run.scope.timezone else own


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


async def _exactly(
    run: Run, plan: Plan, field: Field, rule: DateRule, period: Progress, contact_ids: list[int]
) -> list[int]:
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
