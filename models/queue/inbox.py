"""Webhooks as they came, from the moment they are answered until a worker has taken them in."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from models import db

MOST_STUMBLES: Final = 5


@dataclass(frozen=True, slots=True)
class InboundWebhook:
    """A webhook's body, checked, for one channel."""

    id: int
    channel_id: int
    body: bytes


async def put(letters: Sequence[tuple[int, int, bytes]]) -> None:
    """Keep bodies, as (workspace, channel, body), all at once. From the commit on nothing is lost."""
    await db.execute(
        """
        INSERT INTO webhook_inbox (workspace_id, channel_id, body)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bytea[])
        """,
        [letter[0] for letter in letters],
        [letter[1] for letter in letters],
        [letter[2] for letter in letters],
    )


Reader = Callable[[Sequence[InboundWebhook]], Awaitable[None]]


async def read(workspace_id: int, most: int, reader: Reader) -> int:
    """Have `reader` take in up to `most` letters, oldest first, in one transaction that also removes them.

    Returns how many. What `reader` raises rolls all of it back: the letters stay.
    """
    async with db.transaction():
        rows = await db.fetch(
            """
            SELECT id, channel_id, body FROM webhook_inbox WHERE workspace_id = $1 AND stumbles < $2
            ORDER BY stumbles > 0, id LIMIT $3 FOR UPDATE SKIP LOCKED
            """,
            workspace_id,
            MOST_STUMBLES,
            most,
        )
        if rows:
            await reader([InboundWebhook(row["id"], row["channel_id"], row["body"]) for row in rows])
            await db.execute(
                "DELETE FROM webhook_inbox WHERE workspace_id = $1 AND id = ANY ($2::bigint[])",
                workspace_id,
                [row["id"] for row in rows],
            )
    return len(rows)


async def stumble(workspace_id: int, most: int) -> None:
    """The oldest letters could not be taken in together: they are taken one by one from now on, and not for ever."""
    await db.execute(
        """
        UPDATE webhook_inbox SET stumbles = stumbles + 1 WHERE workspace_id = $1 AND id = ANY (ARRAY(
            SELECT id FROM webhook_inbox WHERE workspace_id = $1 AND stumbles < $2
            ORDER BY stumbles > 0, id LIMIT $3 FOR UPDATE SKIP LOCKED)) -- once: under IN it may be asked for each row
        """,
        workspace_id,
        MOST_STUMBLES,
        most,
    )


async def has(workspace_id: int) -> bool:
    """Whether the workspace has letters."""
    return bool(
        await db.fetch_value(
            "SELECT EXISTS (SELECT FROM webhook_inbox WHERE workspace_id = $1 AND stumbles < $2)",
            workspace_id,
            MOST_STUMBLES,
        )
    )


async def waiting() -> list[int]:
    """The workspaces that have letters."""
    rows = await db.fetch(
        "SELECT DISTINCT workspace_id FROM webhook_inbox WHERE stumbles < $1",
        MOST_STUMBLES,
    )
    return [row["workspace_id"] for row in rows]


async def unreadable() -> int:
    """How many letters were given up: kept, for a person to look at."""
    count: int = await db.fetch_value("SELECT count(*) FROM webhook_inbox WHERE stumbles >= $1", MOST_STUMBLES)
    return count
