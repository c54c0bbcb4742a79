"""Limits how often signing in is tried, by e-mail and by address."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from models import clock, db
from models.errors import Throttled

WINDOW: Final = timedelta(minutes=15)

MOST_BY_EMAIL: Final = 10
"""Per WINDOW."""

MOST_BY_ADDRESS: Final = 100
"""Per WINDOW; an office may share an address."""

Attempt = tuple[str, int]
"""A key, and how often it may be tried."""

_COUNT = """
    WITH over AS (
        DELETE FROM sign_in_attempts WHERE key IN (
            SELECT key FROM sign_in_attempts WHERE ends_at < $2 AND key <> $1 LIMIT 100 FOR UPDATE SKIP LOCKED)
    )
    INSERT INTO sign_in_attempts AS a (key, attempts, ends_at) VALUES ($1, 1, $3)
    ON CONFLICT (key) DO UPDATE SET
        attempts = CASE WHEN a.ends_at < $2 THEN 1 ELSE a.attempts + 1 END,
        ends_at = CASE WHEN a.ends_at < $2 THEN $3 ELSE a.ends_at END
    RETURNING attempts, ends_at
"""

_FORGET = """
    UPDATE sign_in_attempts SET attempts = CASE WHEN key = $1 THEN 0 ELSE attempts - 1 END
    WHERE key = ANY ($2) AND attempts > 0
"""


def attempts_of(email: str, address: str | None) -> list[Attempt]:
    """The stored e-mail first, then the address."""
    by_email = ("email:" + hashlib.sha256(email.encode()).hexdigest(), MOST_BY_EMAIL)
    return [by_email, ("address:" + address, MOST_BY_ADDRESS)] if address else [by_email]


async def count(attempts: Sequence[Attempt]) -> None:
    """Count before the password is checked, so that attempts at once do not pass. Raises Throttled."""
    moment = clock.now()
    for key, most in attempts:
        row = await db.fetch_row(_COUNT, key, moment, moment + WINDOW)
        assert row is not None
        if row["attempts"] > most:
            seconds = (row["ends_at"] - moment).total_seconds()
            raise Throttled("too many sign-ins failed: wait a while and try again", max(seconds, 1.0))


async def forget(attempts: Sequence[Attempt]) -> None:
    """After a success, clears the e-mail's count and takes this attempt from the address's count."""
    keys = [key for key, _ in attempts]
    await db.execute(_FORGET, keys[0], keys)
