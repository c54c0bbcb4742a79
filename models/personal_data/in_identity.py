"""What merges and aliases hold about a person."""

from typing import Final

from models import db
from models.personal_data.identity import Identity

_FORGET: Final = """
    UPDATE contact_merges SET snapshot = NULL
    WHERE workspace_id = $1 AND (kept_id = ANY ($2::bigint[]) OR merged_id = ANY ($2::bigint[])) AND snapshot IS NOT NULL
"""


async def erase(workspace_id: int, identity: Identity) -> None:
    """A merge of the person can no longer be undone. Aliases went with the contact."""
    await db.execute(_FORGET, workspace_id, [identity.contact_id])


async def values_of(workspace_id: int, contact_id: int) -> dict[str, set[str]]:
    """By what else the contact is known: from its aliases, in the terms of Identity."""
    rows = await db.fetch(
        "SELECT kind, value FROM contact_aliases WHERE workspace_id = $1 AND contact_id = $2", workspace_id, contact_id
    )
    found: dict[str, set[str]] = {"phones": set(), "emails": set(), "external_ids": set()}
    for row in rows:
        if row["kind"] in _SET_OF:
            found[_SET_OF[row["kind"]]].add(row["value"])
    return found


_SET_OF: Final = {"PHONE": "phones", "EMAIL": "emails", "EXTERNAL_ID": "external_ids", "ANONYMOUS_ID": "external_ids"}
