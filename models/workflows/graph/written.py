"""Single values of a graph as JSON."""

from datetime import time
from typing import Any

from models.rules.duration import Duration


def write_duration(duration: Duration) -> str:
    """ISO 8601: `P1Y2M`, `P3D`, `PT90M` as `PT1H30M`; `P0D` for none."""
    years, months = divmod(duration.months, 12)
    hours, rest = divmod(duration.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    days = _units((years, "Y"), (months, "M"), (duration.days, "D"))
    clock = _units((hours, "H"), (minutes, "M"), (seconds, "S"))
    return f"P{days}{'T' if clock else ''}{clock}" if days or clock else "P0D"


def _units(*counted: tuple[int, str]) -> str:
    return "".join(f"{count}{unit}" for count, unit in counted if count)


def optional_duration(duration: Duration | None) -> str | None:
    return None if duration is None else write_duration(duration)


def write_time(moment: time) -> str:
    return moment.strftime("%H:%M")


def present(**members: Any) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}
