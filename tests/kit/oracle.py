"""What a rule means, written a second time, as naively as possible, from docs/rules.md. Shares no code with the product.

A rule is JSON in the shape of RuleInput. A contact is a dict: columns, `attributes`, `tags`, `activities` (kind,
occurred_at, properties) and `segments` (ids). Days and instants of columns are texts as PostgreSQL takes them, BC and
infinity included.
"""

import calendar
import functools
import math
import re
import unicodedata
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

BUILT_IN = {
    "external_id": "TEXT",
    "name": "TEXT",
    "first_name": "TEXT",
    "last_name": "TEXT",
    "email": "TEXT",
    "phone": "TEXT",
    "timezone": "TEXT",
    "date_of_birth": "DATE",
    "subscribed_at": "DATETIME",
    "last_interaction_at": "DATETIME",
    "score": "NUMBER",
    "whatsapp_consent": "CHOICE",
    "created_at": "DATETIME",
    "updated_at": "DATETIME",
}
MINUTE = timedelta(minutes=1)


def holds(rule, contact, fields, now, timezone):
    """Whether the rule is true of the contact. `fields` gives the type of each custom field by `attributes.<key>`."""
    zone = ZoneInfo(timezone)
    ((key, body),) = [(k, v) for k, v in rule.items() if v is not None]
    if key == "all":
        return all(holds(part, contact, fields, now, timezone) for part in body)
    if key == "any":
        return any(holds(part, contact, fields, now, timezone) for part in body)
    if key == "not":
        return not holds(body, contact, fields, now, timezone)
    if key == "tags":
        return compare_sets({fold(t) for t in contact["tags"]}, body["operator"], {sought(t) for t in body["tags"]})
    if key == "segment":
        return (body["segmentId"] in contact["segments"]) == body.get("member", True)
    if key == "field":
        kind = BUILT_IN.get(body["field"]) or fields[body["field"]]
        return compare(kind, read(kind, body["field"], contact), body["operator"], body.get("value"), now, zone)
    metric = body.get("metric", "COUNT")
    kind = "DATETIME" if metric.endswith("OCCURRED") else "NUMBER"
    return compare(kind, measure(body, contact, now, zone), body["operator"], body["value"], now, zone)


# ---------------------------------------------------------------- what a contact has


def read(kind, field, contact):
    """The typed value, or None when it is missing or of another type."""
    if field.startswith("attributes."):
        return typed(kind, contact["attributes"].get(field.removeprefix("attributes.")))
    value = contact[field]
    if value is None or value == "":
        return None
    if kind in ("DATE", "DATETIME"):
        return as_time(value)
    return Fraction(value) if kind == "NUMBER" else fold(value)


def typed(kind, value):
    if kind in ("TEXT", "CHOICE"):
        return fold(value) if isinstance(value, str) and value else None
    if kind == "NUMBER":
        return number(value)
    if kind == "BOOLEAN":
        return value if isinstance(value, bool) else None
    if kind == "MULTI_CHOICE":
        texts = {fold(item) for item in value if isinstance(item, str)} if isinstance(value, list) else set()
        return texts or None
    form = r"\d{4}-\d\d-\d\d" if kind == "DATE" else r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
    if not isinstance(value, str) or not re.fullmatch(form, value, re.ASCII):
        return None
    try:
        return as_time(value.removesuffix("Z") if kind == "DATE" else value) if datetime.fromisoformat(value) else None
    except ValueError:
        return None


def number(value):
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


def fold(text):
    """Character by character, as PostgreSQL does it here."""
    return "".join("i" if c == "İ" else c.lower() for c in text)


def sought(text):
    return fold(composed(text))


def composed(value):
    """A value of a rule: its texts are composed, as stored texts are."""
    if isinstance(value, list):
        return [composed(item) for item in value]
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


# ---------------------------------------------------------------- comparisons


def compare(kind, value, operator, operand, now, zone):
    if operator == "IS_SET":
        return value is not None
    if operator == "IS_NOT_SET":
        return value is None
    if value is None:
        return False
    if kind == "MULTI_CHOICE":
        return compare_sets(value, operator, {sought(item) for item in operand})
    if operator in ("WITHIN_LAST", "MORE_THAN_AGO", "WITHIN_NEXT", "MORE_THAN_AHEAD", "ANNIVERSARY_WITHIN_NEXT"):
        return compare_moving(kind, value, operator, operand, now, zone)
    wanted = [constant(kind, item) for item in operand] if isinstance(operand, list) else constant(kind, operand)
    return {
        "EQUALS": lambda: value == wanted,
        "NOT_EQUALS": lambda: value != wanted,
        "IN": lambda: value in wanted,
        "NOT_IN": lambda: value not in wanted,
        "CONTAINS": lambda: wanted in value,
        "NOT_CONTAINS": lambda: wanted not in value,
        "STARTS_WITH": lambda: value.startswith(wanted),
        "ENDS_WITH": lambda: value.endswith(wanted),
        "LT": lambda: value < wanted,
        "LTE": lambda: value <= wanted,
        "GT": lambda: value > wanted,
        "GTE": lambda: value >= wanted,
        "BETWEEN": lambda: wanted[0] <= value <= wanted[1],
    }[operator]()


def constant(kind, operand):
    if kind in ("TEXT", "CHOICE"):
        return sought(operand)
    if kind == "NUMBER":
        return number(operand)
    return operand if kind == "BOOLEAN" else as_time(operand)


def compare_sets(have, operator, wanted):
    return {"HAS_ANY": bool(have & wanted), "HAS_ALL": wanted <= have, "HAS_NONE": not have & wanted}[operator]


def compare_moving(kind, value, operator, operand, now, zone):
    months, days, seconds = duration(operand)
    if operator == "ANNIVERSARY_WITHIN_NEXT":
        return comes_round(value, now, zone, months, days)
    if kind == "DATE":
        here, past, future = (day_line(now, zone, sign * months, sign * days) for sign in (0, -1, 1))
        here, past, future = ((day.year, day.month, day.day) for day in (here, past, future))
    else:
        here, past, future = (
            as_time(instant_line(now, zone, sign * months, sign * timedelta(days=days, seconds=seconds)).isoformat())
            for sign in (0, -1, 1)
        )
    return {
        "WITHIN_LAST": past <= value <= here,
        "MORE_THAN_AGO": value < past,
        "WITHIN_NEXT": here <= value <= future,
        "MORE_THAN_AHEAD": value > future,
    }[operator]


def comes_round(value, now, zone, months, days):
    if len(value) != 3:
        return False
    first, last = day_line(now, zone, 0, 0), day_line(now, zone, months, days)
    for offset in range(min((last - first).days, 800) + 1):
        day = first + timedelta(days=offset)
        if value[1:] == (day.month, day.day):
            return True
        if value[1:] == (2, 29) and (day.month, day.day) == (2, 28) and not calendar.isleap(day.year):
            return True
    return False


# ---------------------------------------------------------------- time


def as_time(text):
    """A day as (year, month, day), an instant as those and hour, minute, second, microsecond in UTC; infinity as itself."""
    if text.endswith("infinity"):
        return (-math.inf,) if text.startswith("-") else (math.inf,)
    era = -1 if text.endswith(" BC") else 1
    match = re.fullmatch(
        r"(\d+)-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,6})\d*)?)?(Z|[+-]\d\d:\d\d))?(?: BC)?", text
    )
    year, month, day, *rest = match.groups()
    if rest[0] is None:
        return (era * int(year), int(month), int(day))
    hour, minute, second, fraction, offset = rest
    micro = int((fraction or "0").ljust(6, "0"))
    if offset in ("Z", "+00:00"):
        return (era * int(year), int(month), int(day), int(hour), int(minute), int(second or 0), micro)
    return as_time(datetime.fromisoformat(text).astimezone(UTC).isoformat())


def duration(text):
    """(months, days, seconds)."""
    day, _, time = text.removeprefix("P").partition("T")
    count = {unit: int(digits) for digits, unit in re.findall(r"(\d+)([YMWD])", day)}
    clock = {unit: int(digits) for digits, unit in re.findall(r"(\d+)([HMS])", time)}
    return (
        count.get("Y", 0) * 12 + count.get("M", 0),
        count.get("W", 0) * 7 + count.get("D", 0),
        clock.get("H", 0) * 3600 + clock.get("M", 0) * 60 + clock.get("S", 0),
    )


@functools.lru_cache(maxsize=100_000)
def wall(now, zone):
    """The latest time that a clock in the zone has shown so far, tried for each minute of the last day."""
    shown = [now.astimezone(zone).replace(tzinfo=None)]
    minute = now.replace(second=0, microsecond=0)
    for back in range(26 * 60):
        just_before = minute - back * MINUTE - timedelta(microseconds=1)
        shown.append(just_before.astimezone(zone).replace(tzinfo=None) + timedelta(microseconds=1))
    return max(shown)


@functools.lru_cache(maxsize=100_000)
def first_showing(target, zone):
    """The first instant at which a clock in the zone shows `target` or later: tried minute by minute."""
    at = target.replace(tzinfo=UTC, second=0, microsecond=0) - timedelta(hours=16)
    while True:
        shown = at.astimezone(zone).replace(tzinfo=None)
        if shown >= target:
            return at
        rest = target - shown
        if rest < MINUTE and (at + rest).astimezone(zone).replace(tzinfo=None) == target:
            return at + rest
        at += MINUTE


def shift_months(year, month, months):
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    return year, month


def day_line(now, zone, months, days):
    today = wall(now, zone).date()
    year, month = shift_months(today.year, today.month, months)
    return date(year, month, min(today.day, calendar.monthrange(year, month)[1])) + timedelta(days=days)


def instant_line(now, zone, months, elapsed):
    if not months:
        return now + elapsed
    here = wall(now, zone)
    year, month = shift_months(here.year, here.month, months)
    last = calendar.monthrange(year, month)[1]
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0)
    end_of_month = midnight.replace(day=1).replace(year=year, month=month).replace(day=last) + timedelta(days=1)
    target = end_of_month if here.day > last else here.replace(year=year, month=month)
    return first_showing(target, zone) + elapsed


# ---------------------------------------------------------------- activities


def measure(body, contact, now, zone):
    """The metric: a Fraction, a time, or None when it is missing."""
    taken = [activity for activity in contact["activities"] if is_taken(activity, body, now, zone)]
    metric = body.get("metric", "COUNT")
    if metric == "COUNT":
        return Fraction(len(taken))
    if metric.endswith("OCCURRED"):
        times = sorted(as_time(activity["occurred_at"]) for activity in taken)
        return None if not times else times[0] if metric == "FIRST_OCCURRED" else times[-1]
    values = [activity["properties"].get(composed(body["property"])) for activity in taken]
    if metric == "DISTINCT_COUNT":
        return Fraction(len({same(value) for value in values if not is_missing(value)}))
    numbers = [number(value) for value in values if number(value) is not None]
    if metric in ("SUM", "AVERAGE"):
        numbers = [n for n in numbers if abs(n) <= 10**100]
    if metric == "SUM":
        return sum(numbers, Fraction(0))
    if not numbers:
        return None
    return {"AVERAGE": sum(numbers) / len(numbers), "MINIMUM": min(numbers), "MAXIMUM": max(numbers)}[metric]


def is_taken(activity, body, now, zone):
    at = as_time(activity["occurred_at"])
    if activity["kind"] != body["kind"]:
        return False
    if body.get("within") is not None and not compare_moving("DATETIME", at, "WITHIN_LAST", body["within"], now, zone):
        return False
    if body.get("since") is not None and at < as_time(body["since"]):
        return False
    if body.get("until") is not None and at >= as_time(body["until"]):
        return False
    return all(property_holds(activity["properties"], part) for part in body.get("where") or [])


def property_holds(properties, part):
    value, operator, operand = properties.get(composed(part["property"])), part["operator"], composed(part.get("value"))
    if operator in ("IS_SET", "IS_NOT_SET"):
        return is_missing(value) == (operator == "IS_NOT_SET")
    if is_missing(value):
        return False
    items = [item for item in value if item is not None] if isinstance(value, list) else [value]
    if operator in ("EQUALS", "NOT_EQUALS"):
        return any(same(item) == same(operand) for item in items) == (operator == "EQUALS")
    if operator in ("IN", "NOT_IN"):
        return any(same(item) == same(one) for item in items for one in operand) == (operator == "IN")
    if operator == "CONTAINS" and isinstance(operand, str):
        return any(isinstance(item, str) and fold(operand) in fold(item) for item in items)
    if operator == "CONTAINS":
        return any(same(item) == same(operand) for item in items)
    if number(value) is None:
        return False
    return compare("NUMBER", number(value), operator, operand, None, None)


def is_missing(value):
    return value is None or value in ("", [])


def same(value):
    """A form in which equal JSON values are equal."""
    if isinstance(value, bool):
        return ("boolean", value)
    if isinstance(value, str):
        return ("text", fold(value))
    if isinstance(value, int | float):
        return ("number", number(value))
    if isinstance(value, list):
        return ("list", tuple(exactly(item) for item in value))
    return ("object", tuple(sorted((key, exactly(item)) for key, item in value.items())))


def exactly(value):
    """Inside a list or an object, texts are compared exactly."""
    return ("text", value) if isinstance(value, str) else ("null",) if value is None else same(value)
