"""A person's stop holds for every number that a merge finds to be the person's: also for those that the contact gives up.

Else a contact that is made later with such a number, after the kept one was deleted, would be written to.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from models import clock, db
from models.contacts import suppressions
from models.contacts.aliases import AliasKind
from models.contacts.consent import Consent, NumberWords, Word
from models.contacts.suppressions import Heard, phone_hash

_NUMBERS: Final = """
    SELECT phone_key FROM contacts WHERE workspace_id = $1 AND id = $2 AND phone_key IS NOT NULL
    UNION
    SELECT value FROM contact_aliases WHERE workspace_id = $1 AND contact_id = $2 AND kind = $3
"""


async def spread(workspace_id: int, contact_id: int, consent: Consent) -> list[dict[str, Any]]:
    """Stops the other numbers of a contact that has opted out itself. Returns what it did, for `take_back`."""
    if not consent.is_own_stop or consent.at is None:
        return []
    rows = await db.fetch(_NUMBERS, workspace_id, contact_id, AliasKind.PHONE.value)
    keys = [row["phone_key"] for row in rows]
    known = await suppressions.find(workspace_id, keys)
    free = {key: known.get(key, NumberWords()) for key in keys if known.get(key, NumberWords()).stopped_since is None}
    stops = {key: max(filter(None, (consent.at, words.started_at))) for key, words in free.items()}
    await suppressions.hear(workspace_id, [Heard(key, Word.STOP, at) for key, at in stops.items()])
    return [{"phone_key": key, "was": free[key].stopped_at, "is": at} for key, at in stops.items()]


async def take_back(workspace_id: int, spread_before: Sequence[Mapping[str, Any]]) -> None:
    """Undoes `spread`, but for numbers from which the person said stop since."""
    for one in spread_before:
        await db.execute(
            _TAKE_BACK,
            workspace_id,
            phone_hash(workspace_id, one["phone_key"]),
            datetime.fromisoformat(one["is"]),
            None if one["was"] is None else datetime.fromisoformat(one["was"]),
            clock.now(),
        )
        await db.execute(_FORGET, workspace_id, phone_hash(workspace_id, one["phone_key"]))


_TAKE_BACK: Final = """
    UPDATE suppressions SET stopped_at = $4, changed_at = $5
    WHERE workspace_id = $1 AND phone_hash = $2 AND stopped_at = $3
"""

_FORGET: Final = """
    DELETE FROM suppressions
    WHERE workspace_id = $1 AND phone_hash = $2 AND stopped_at IS NULL AND started_at IS NULL
      AND platform_stopped_at IS NULL AND platform_resumed_at IS NULL
"""
