"""Single values of a graph: keys, ids, durations, local times, weekdays."""

import re
from datetime import date, time
from typing import Any

from models.errors import Invalid, LimitExceeded, NotFound
from models.rules.duration import Duration
from models.rules.operands import read_date, read_duration
from models.values.texts import check_name, check_text, kind_of
from models.workflows.graph.events import RuleJson

MAX_KEY = 60

MAX_COUNT = 1_000_000_000

_KEY = re.compile(r"[a-z0-9_.]{1,60}", re.ASCII)
_KIND = re.compile(r"[a-z0-9_.]{1,200}", re.ASCII)
_LOCAL_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)", re.ASCII)


def read_key(value: object) -> str:
    if not isinstance(value, str) or not _KEY.fullmatch(value):
        raise Invalid(f"a key is made of a-z, 0-9, _ and dots, up to {MAX_KEY}, such as wait_a_day")
    return value


def read_target(value: object) -> str:
    """The key where an edge leads. A draft's edge may lead nowhere yet: that is a problem, not a mistake."""
    return check_text(value, MAX_KEY)


def read_kind(value: object) -> str:
    if not isinstance(value, str) or not _KIND.fullmatch(value):
        raise Invalid("a kind is made of a-z, 0-9, _ and dots, such as purchase or product.visit")
    return value


def read_id(value: object) -> int:
    """Raises NotFound when it can be no id; 0 is the id of nothing, and is found missing later."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise NotFound("there is no such id")
    return value


def read_rule(value: object) -> RuleJson:
    if not isinstance(value, dict):
        raise Invalid(f"a rule must be an object, not {kind_of(value)}")
    return value


def read_stay(value: object) -> Duration:
    """A duration that is longer than nothing."""
    duration = read_duration(value)
    if duration == Duration():
        raise Invalid("must be longer than nothing, such as PT1M or P3D")
    return duration


def read_local_time(value: object) -> time:
    match = _LOCAL_TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Invalid("must be a time of day as HH:MM, from 00:00 to 23:59")
    return time(int(match[1]), int(match[2]))


def read_weekdays(value: object) -> tuple[int, ...]:
    if not isinstance(value, list) or not value:
        raise Invalid("must be a list of at least one weekday, 1 (Monday) to 7 (Sunday)")
    if any(isinstance(day, bool) or not isinstance(day, int) or not 1 <= day <= 7 for day in value):
        raise Invalid("weekdays are numbers from 1 (Monday) to 7 (Sunday)")
    return tuple(sorted(set(value)))


def read_days(value: object) -> tuple[date, ...]:
    return tuple(sorted({read_date(day) for day in _listed(value, 400)}))


def read_texts(value: object, most: int = 100) -> tuple[str, ...]:
    """Different names of at most 200 characters, in their order."""
    return tuple(dict.fromkeys(check_name(text) for text in _listed(value, most)))


def read_count(value: object) -> int:
    """A whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MAX_COUNT:
        raise Invalid(f"must be a whole number from 1 to {MAX_COUNT:,}")
    return value


def read_percent(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 100:
        raise Invalid("must be a whole number from 0 to 100")
    return value


def read_number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Invalid(f"must be a number, not {kind_of(value)}")
    return value


def read_true(value: object) -> bool:
    """For events that say nothing but themselves."""
    if value is not True:
        raise Invalid("must be true, or left out")
    return True


def read_object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid(f"must be an object, not {kind_of(value)}")
    return value


def _listed(value: object, most: int) -> list[object]:
    if not isinstance(value, list):
        raise Invalid(f"must be a list, not {kind_of(value)}")
    if len(value) > most:
        raise LimitExceeded(f"a list may have up to {most} values; this one has {len(value):,}")
    return value
