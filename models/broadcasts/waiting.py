"""What a broadcast that is SENDING waits for, said in its `reason`."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from models import clock, db
from models.messaging import sources
from models.messaging.sources import SourceKind

WORTH_SAYING: Final = timedelta(seconds=30)
"""Shorter waits are part of the pace."""


def until(at: datetime, why: str) -> str:
    return f"Waiting until {at:%Y-%m-%d %H:%M} UTC: {why}"


async def set_reason(workspace_id: int, reason: str | None, broadcast_ids: Collection[int] | None = None) -> None:
    """Sets it for these broadcasts that are SENDING, or for all of them."""
    await db.execute(
        """
        UPDATE broadcasts SET reason = $2, updated_at = $3
        WHERE workspace_id = $1 AND status = 'SENDING' AND reason IS DISTINCT FROM $2
          AND ($4::bigint[] IS NULL OR id = ANY ($4::bigint[]))
        """,
        workspace_id,
        reason,
        clock.now(),
        None if broadcast_ids is None else list(broadcast_ids),
    )


async def say(workspace_id: int, broadcast_id: int) -> str | None:
    """Says what the first of the waiting messages waits for. Returns None, and says nothing, when it is due soon."""
    first = await db.fetch_row(
        """
        SELECT due_at, reason FROM messages
        WHERE workspace_id = $1 AND source_kind = $2 AND source_id = $3 AND status = 'PENDING' ORDER BY due_at, id LIMIT 1
        """,
        workspace_id,
        SourceKind.BROADCAST,
        broadcast_id,
    )
    if first is None or first["due_at"] < clock.now() + WORTH_SAYING:
        return None
    reason = until(first["due_at"], first["reason"] or "then WhatsApp is asked again.")
    await set_reason(workspace_id, reason, [broadcast_id])
    return reason


async def no_longer(workspace_id: int, sending: Collection[sources.MessageSource]) -> None:
    """Takes the reasons away from broadcasts of which messages are being sent."""
    await set_reason(workspace_id, None, sources.ids_of(SourceKind.BROADCAST, sending))
