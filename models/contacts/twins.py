"""Contacts that turned out to be one person: listed, and never merged."""

from collections.abc import Sequence
from typing import Final

from models import db
from permissions.principal import Scope

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
        "SELECT workspace_id, array_agg(DISTINCT phone_key) AS keys FROM contacts WHERE phone_twin > 0 GROUP BY workspace_id"
    )
    return sum([await release(row["workspace_id"], row["keys"]) for row in rows])


SAME_NUMBER: Final = "They have the same phone number, in two spellings."

_PAIRS: Final = """
    SELECT id, older_id, reason FROM (
        SELECT twin.id, older.id AS older_id, $5 AS reason FROM contacts twin
        JOIN contacts older ON older.workspace_id = $1 AND older.phone_key = twin.phone_key AND older.phone_twin = 0
        WHERE twin.workspace_id = $1 AND twin.phone_twin > 0 AND twin.id >= $2
        UNION ALL
        SELECT s.contact_id, s.other_contact_id, s.reason FROM contact_merge_suggestions s
        WHERE s.workspace_id = $1 AND s.contact_id >= $2) AS pairs
    WHERE (id, older_id) > ($2, $3) ORDER BY id, older_id LIMIT $4
"""


async def pairs(scope: Scope, limit: int, after: tuple[int, int] = (0, 0)) -> list[db.Record]:
    """Pairs after the pair `after`, with the `reason`: twins (`id`) with the contact that had the number first (`older_id`), and
    contacts that WhatsApp says are one person.
    """
    return await db.fetch(_PAIRS, scope.workspace_id, *after, limit, SAME_NUMBER)
