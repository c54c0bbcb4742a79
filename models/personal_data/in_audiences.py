"""Hashes of a person in the ledgers of advertising audiences. They go when Meta has taken the person out."""

from models import db


async def is_in_none(workspace_id: int, contact_id: int) -> bool:
    """False while a ledger still has the contact: the hashes are what the person is taken out by."""
    found = await db.fetch_value(
        """
        SELECT 1 FROM audiences AS a JOIN audience_members AS m
            ON m.workspace_id = $1 AND m.audience_id = a.id AND m.contact_id = $2
        WHERE a.workspace_id = $1 LIMIT 1
        """,
        workspace_id,
        contact_id,
    )
    return found is None
