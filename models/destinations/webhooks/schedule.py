"""When a failed request is tried again. The delays are the sample of Standard Webhooks 1.0.0."""

import random
from datetime import timedelta
from typing import Final

SECOND, MINUTE, HOUR = 1.0, 60.0, 3600.0

DELAYS: Final = (5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR)
"""Before the second, third, ... attempt: 10 attempts in 75 hours, 35 minutes and 5 seconds."""

PING_DELAYS: Final = (
    5.0,
    10.0,
    20.0,
    40.0,
    60.0,
    120.0,
    300.0,
    300.0,
    600.0,
    1800.0,
    HOUR,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
)
"""For the ping that proves a new endpoint: somebody sets it up meanwhile."""

JITTER: Final = 0.1
"""A delay is longer by up to this part, so that endpoints do not come back all at once."""

LEAST_WAIT_SECONDS: Final = 1.0
MOST_WAIT_SECONDS: Final = HOUR
"""The bounds within which a receiver's Retry-After is honoured."""

SLOW_DOWN: Final = frozenset({429, 502, 503, 504})
"""Answers that say that the receiver has too much to do."""

GIVEN_UP_AFTER: Final = timedelta(days=5)
"""An endpoint that has failed for so long is disabled."""

NOTICES: Final = (timedelta(hours=1), timedelta(hours=24), timedelta(days=4))
"""After so long, notice is given of a failing endpoint."""


def is_last(attempts: int, delays: tuple[float, ...] = DELAYS) -> bool:
    """Whether the schedule ends with this attempt, counted from 1."""
    return attempts > len(delays)


def wait_after(attempts: int, delays: tuple[float, ...] = DELAYS) -> float:
    """Returns the seconds to wait after so many failed attempts; past the end of the schedule, its last delay."""
    return delays[min(max(attempts, 1), len(delays)) - 1] * (1 + JITTER * random.random())  # noqa: S311 - no secret


def honoured(retry_after_seconds: float) -> float:
    return min(max(retry_after_seconds, LEAST_WAIT_SECONDS), MOST_WAIT_SECONDS)
