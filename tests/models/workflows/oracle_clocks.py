"""Clocks and calendars as the oracle of workflows reads them: nothing is fast, local times are found by looking each minute."""

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def later(moment, text, zone_name):
    """P1M2DT3H: months by the calendar, at the same time of the day, then days of 24 hours and the rest.

    Of a day that the month lacks, it is the end of the month's last day (docs/rules.md).
    """
    found = re.fullmatch(r"P(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", text)
    months, days, hours, minutes, seconds = (int(part) if part else 0 for part in found.groups())
    if months:
        local = moment.astimezone(ZoneInfo(zone_name))
        years, month = divmod(local.month - 1 + months, 12)
        year, month = local.year + years, month + 1
        last = monthrange(year, month)[1]
        if local.day <= last:
            moment = shows(date(year, month, local.day), local.time(), zone_name)
        else:
            moment = shows(date(year, month, last) + DAY, time(), zone_name)
    return moment + timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


@lru_cache(maxsize=10_000)
def shows(day, at, zone_name):
    """The first minute at which the clocks of the zone show this time of this day, or a later one."""
    zone, wanted = ZoneInfo(zone_name), datetime.combine(day, at)
    moment = datetime.combine(day, time(), UTC) - timedelta(hours=15)
    while moment.astimezone(zone).replace(tzinfo=None) < wanted:
        moment += MINUTE
    return moment


def next_local(moment, at, weekdays, zone_name):
    day = moment.astimezone(ZoneInfo(zone_name)).date()
    if at is None and day.isoweekday() in weekdays:
        return moment
    day -= DAY
    while True:
        found = shows(day, at or time(), zone_name)
        if day.isoweekday() in weekdays and found >= moment:
            return found
        day += DAY


def recurs(rule, begins, since, until, zone_name):
    """When FREQ=DAILY or WEEKLY with INTERVAL, BYDAY, BYHOUR and BYMINUTE comes in (since, until], counted from `begins`."""
    parts = dict(part.split("=") for part in rule.split(";"))
    first = begins.astimezone(ZoneInfo(zone_name)).date()
    at, every = time(int(parts["BYHOUR"]), int(parts["BYMINUTE"])), int(parts.get("INTERVAL", 1))
    day = max(first, since.astimezone(ZoneInfo(zone_name)).date() - DAY)
    while (found := shows(day, at, zone_name)) <= until:
        weeks = ((day - timedelta(days=day.weekday())) - (first - timedelta(days=first.weekday()))).days // 7
        turn = (day - first).days if parts["FREQ"] == "DAILY" else weeks
        is_day = "BYDAY" not in parts or WEEKDAYS[day.weekday()] in parts["BYDAY"].split(",")
        if found > max(since, begins) and turn % every == 0 and is_day:
            yield found
        day += DAY
