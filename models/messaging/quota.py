"""How many more unique people a business account may write to in 24 hours, test sends included.

`whatsapp_quotas.used` is never too low: claims add to it, recounts remove who left the 24 hours. Its row is a lock: claims of an
account follow each other.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from models import db
from models.messaging.channels import Credentials
from models.messaging.pace import PAIR_INTERVAL, QUOTA_WINDOW
from models.values.phones import phone_key

RECOUNT_AFTER: Final = timedelta(seconds=10)


async def room(workspace_id: int, channel: Credentials, now: datetime) -> int | None:
    """Returns None without a limit. With one, it holds the account's lock until the transaction ends."""
    if channel.daily_limit is None:
        return None
    row = await db.fetch_row(_HOLD, workspace_id, channel.business_account_id)
    if row is None:
        await db.execute(_BEGIN, workspace_id, channel.business_account_id)
        row = await db.fetch_row(_HOLD, workspace_id, channel.business_account_id)
    assert row is not None
    used: int = row["used"]
    if row["counted_at"] < now - RECOUNT_AFTER or (used >= channel.daily_limit and row["counted_at"] < now - _FULL):
        used = await db.fetch_value(_RECOUNT, workspace_id, channel.business_account_id, now, now - QUOTA_WINDOW)
    return max(0, channel.daily_limit - used)


async def take(workspace_id: int, channel: Credentials, people: int) -> None:
    """Counts `people` as written to, in the transaction in which `room` was called."""
    if channel.daily_limit is not None and people:
        await db.execute(
            "UPDATE whatsapp_quotas SET used = used + $3 WHERE workspace_id = $1 AND business_account_id = $2",
            workspace_id,
            channel.business_account_id,
            people,
        )


async def used(workspace_id: int, business_account_id: str, now: datetime) -> int:
    count: int = await db.fetch_value(
        """
        SELECT count(*) FROM whatsapp_reached
        WHERE workspace_id = $1 AND business_account_id = $2 AND reached_at > $3
        """,
        workspace_id,
        business_account_id,
        now - QUOTA_WINDOW,
    )
    return count


async def free_at(workspace_id: int, business_account_id: str, now: datetime) -> datetime:
    """When the next person leaves the 24 hours."""
    oldest = await db.fetch_value(
        """
        SELECT min(reached_at) FROM whatsapp_reached
        WHERE workspace_id = $1 AND business_account_id = $2 AND reached_at > $3
        """,
        workspace_id,
        business_account_id,
        now - QUOTA_WINDOW,
    )
    return now if oldest is None else oldest + QUOTA_WINDOW


async def is_idle(workspace_id: int, business_account_id: str, since: datetime) -> bool:
    """If so, a bucket unknown to Redis need not wait."""
    return not await db.fetch_value(
        """
        SELECT EXISTS (SELECT 1 FROM whatsapp_reached
                       WHERE workspace_id = $1 AND business_account_id = $2 AND reached_at > $3)
        """,
        workspace_id,
        business_account_id,
        since,
    )


async def reached(workspace_id: int, business_account_id: str, phones: Sequence[str], now: datetime) -> None:
    await db.execute(
        """
        INSERT INTO whatsapp_reached (workspace_id, business_account_id, phone_key, reached_at)
        SELECT $1, $2, phone_key, $4 FROM unnest($3::text[]) AS given (phone_key) ORDER BY phone_key
        ON CONFLICT (workspace_id, business_account_id, phone_key) DO UPDATE SET reached_at = excluded.reached_at
        """,
        workspace_id,
        business_account_id,
        list(dict.fromkeys(map(phone_key, phones))),
        now,
    )


async def not_reached(workspace_id: int, phones: Sequence[str]) -> None:
    """They got no message: the pair limit lets the next one through. They still count today."""
    if not phones:
        return
    held = await db.fetch(
        """
        SELECT business_account_id, phone_key, reached_at FROM whatsapp_reached
        WHERE workspace_id = $1 AND phone_key = ANY ($2::text[]) ORDER BY phone_key FOR UPDATE
        """,
        workspace_id,
        list(map(phone_key, phones)),
    )
    await db.execute(
        """
        UPDATE whatsapp_reached r SET reached_at = g.reached_at
        FROM unnest($2::text[], $3::text[], $4::timestamptz[]) AS g (business_account_id, phone_key, reached_at)
        WHERE r.workspace_id = $1 AND r.business_account_id = g.business_account_id AND r.phone_key = g.phone_key
        """,
        workspace_id,
        [row["business_account_id"] for row in held],
        [row["phone_key"] for row in held],
        [row["reached_at"] - PAIR_INTERVAL for row in held],
    )


async def forget_old(now: datetime) -> int:
    before = now - 2 * QUOTA_WINDOW
    rows = await db.fetch(
        "/* all workspaces */ SELECT DISTINCT workspace_id FROM whatsapp_reached WHERE reached_at < $1", before
    )
    removed = 0
    for row in rows:
        removed += await db.execute(
            "DELETE FROM whatsapp_reached WHERE workspace_id = $1 AND reached_at < $2", row["workspace_id"], before
        )
    return removed


_FULL: Final = timedelta(seconds=1)

_HOLD: Final = """
    SELECT used, counted_at FROM whatsapp_quotas WHERE workspace_id = $1 AND business_account_id = $2 FOR UPDATE
"""

_BEGIN: Final = """
    INSERT INTO whatsapp_quotas (workspace_id, business_account_id) VALUES ($1, $2) ON CONFLICT DO NOTHING
"""

_RECOUNT: Final = """
    UPDATE whatsapp_quotas SET counted_at = $3, used = (
        SELECT count(*) FROM whatsapp_reached
        WHERE workspace_id = $1 AND business_account_id = $2 AND reached_at > $4)
    WHERE workspace_id = $1 AND business_account_id = $2
    RETURNING used
"""
