"""Limits how often signing in is tried: by address, by e-mail and address together, and by known device.

Never by the e-mail alone: anybody could lock a member out by failing on purpose.
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import IPv6Address, ip_address
from typing import Final

from models import clock, db
from models.errors import Throttled

WINDOW: Final = timedelta(minutes=15)

MOST_BY_ADDRESS: Final = 100
"""Per WINDOW; an office may share an address."""

MOST_BY_EMAIL: Final = 10
"""Per WINDOW, with one e-mail from one address."""

MOST_BY_DEVICE: Final = 10
"""Per WINDOW, on a device on which the member has signed in before."""

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


def attempts_of(email: str, address: str | None, device: str | None = None) -> list[Attempt]:
    """Returns what an attempt counts for. A known `device` is counted by itself: what others try does not keep it out."""
    if device is not None:
        return [(f"device:{device}", MOST_BY_DEVICE)]
    network = "unknown" if address is None else _network(address)
    digest = hashlib.sha256(email.encode()).hexdigest()
    by_email = (f"email:{digest}:{network}", MOST_BY_EMAIL)
    return [by_email] if address is None else [(f"address:{network}", MOST_BY_ADDRESS), by_email]


def attempts_on_own_password(workspace_id: int, member_id: int) -> list[Attempt]:
    """Returns what an attempt to give the current password counts for."""
    return [(f"member:{workspace_id}:{member_id}", MOST_BY_DEVICE)]


def _network(address: str) -> str:
    """Returns an IPv4 address itself, and the network of an IPv6 address: one customer has all of its addresses."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64" if isinstance(parsed, IPv6Address) else address


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
    """After a success, clears the last count and takes this attempt from the others."""
    keys = [key for key, _ in attempts]
    await db.execute(_FORGET, keys[-1], keys)
