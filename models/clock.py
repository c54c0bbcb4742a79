"""The only source of the present time."""

from collections.abc import Callable
from datetime import UTC, datetime


def _system_time() -> datetime:
    return datetime.now(UTC)


_source: Callable[[], datetime] = _system_time


def now() -> datetime:
    """Returns the present time as an aware datetime in UTC."""
    return _source()


def set_source(source: Callable[[], datetime] | None) -> None:
    """Replaces the clock in tests; None restores the system's clock."""
    global _source
    _source = source or _system_time
