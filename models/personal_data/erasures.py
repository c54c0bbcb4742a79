"""Erasures as they go on. A row is kept for each, without personal data once it is finished."""

from models import clock, db
from models.personal_data.identity import Identity, from_json


async def begin(workspace_id: int, identity: Identity) -> None:
    """In the transaction that deletes the contact."""
    await db.execute(
        "INSERT INTO contact_erasures (workspace_id, contact_id, identity, asked_at) VALUES ($1, $2, $3, $4)",
        workspace_id,
        identity.contact_id,
        db.dump_json(identity.to_json()),
        clock.now(),
    )


async def exists(workspace_id: int, contact_id: int) -> bool:
    found = await db.fetch_value(
        "SELECT 1 FROM contact_erasures WHERE workspace_id = $1 AND contact_id = $2", workspace_id, contact_id
    )
    return found is not None


async def find_identity(workspace_id: int, contact_id: int) -> Identity | None:
    """None when the erasure is finished, or there is none."""
    stored = await db.fetch_value(
        "SELECT identity FROM contact_erasures WHERE workspace_id = $1 AND contact_id = $2 AND finished_at IS NULL",
        workspace_id,
        contact_id,
    )
    return None if stored is None else from_json(contact_id, db.load_json(stored))


async def keep_identity(workspace_id: int, identity: Identity) -> None:
    await db.execute(
        "UPDATE contact_erasures SET identity = $3 WHERE workspace_id = $1 AND contact_id = $2 AND finished_at IS NULL",
        workspace_id,
        identity.contact_id,
        db.dump_json(identity.to_json()),
    )


async def finish(workspace_id: int, contact_id: int) -> None:
    await db.execute(
        """
        UPDATE contact_erasures SET identity = NULL, finished_at = coalesce(finished_at, $3)
        WHERE workspace_id = $1 AND contact_id = $2
        """,
        workspace_id,
        contact_id,
        clock.now(),
    )


async def unfinished(limit: int = 1_000) -> list[tuple[int, int]]:
    """As (workspace id, contact id), the oldest first. Reads all workspaces."""
    rows = await db.fetch(
        "/* all workspaces */ "
        "SELECT workspace_id, contact_id FROM contact_erasures WHERE finished_at IS NULL ORDER BY asked_at LIMIT $1",
        limit,
    )
    return [(row["workspace_id"], row["contact_id"]) for row in rows]
