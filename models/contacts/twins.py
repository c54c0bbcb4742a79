"""Contacts that turned out to be one person: listed, and never merged."""

from collections.abc import Sequence
from typing import Final

from models import db

_WITHOUT_OLDER: Final = """
    SELECT min(id) AS id FROM contacts WHERE workspace_id = $1 AND phone_key = ANY ($2::text[])
    GROUP BY phone_key HAVING min(phone_twin) > 0
"""


async def release(workspace_id: int, phone_keys: Sequence[str | None]) -> int:
    """In the transaction in which contacts lost these keys: the oldest other contact of each is no twin any more."""
    keys = [key for key in phone_keys if key is not None]
    if not keys:
        return 0
    rows = await db.fetch(_WITHOUT_OLDER, workspace_id, keys)
    if not rows:
        return 0
    return await db.execute(
        "UPDATE contacts SET phone_twin = 0 WHERE workspace_id = $1 AND id = ANY ($2::bigint[])",
        workspace_id,
        [row["id"] for row in rows],
    )


async def release_all() -> int:
    """What imports and plain SQL left."""
    rows = await db.fetch(
        "/* all workspaces */ "
        "SELECT workspace_id, array_agg(DISTINCT phone_key) AS keys FROM contacts WHERE phone_twin > 0 GROUP BY workspace_id"
    )
    return sum([await release(row["workspace_id"], row["keys"]) for row in rows])
