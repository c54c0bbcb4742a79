"""What undoes a merge, as JSON in `contact_merges.snapshot`.

`merged`: the row of the merged contact. `before`, `after`: what changed in the kept one. `given`: aliases that the kept one got;
`moved`: those that it took over. `static`: STATIC segments of the merged one; `entered`: those that the kept one entered by the
merge. `overrides`: of the merged one; `overrides_before`: of the kept one where the merge changed them (null: it had none).
`consents`, `adjustments`: ids of the merged one's history, and of corrections.
`users`: WhatsApp ids of the merged one. `stops`: numbers to which the merge spread a person's stop, with what was said before.
"""

from datetime import timedelta
from typing import Any, Final

from models import clock, db

UNDOABLE: Final = timedelta(days=30)


def dump(value: Any) -> str:
    """JSON of values from the database, moments included."""
    return db.dump_json(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


async def forget_old() -> int:
    """Removes the snapshots of merges that can no longer be undone. Returns how many. Reads all workspaces."""
    before = clock.now() - UNDOABLE
    rows = await db.fetch(_WITH_OLD, before)
    return sum([await db.execute(_FORGET_OLD, row["workspace_id"], before) for row in rows])


_WITH_OLD: Final = """
    /* all workspaces */ SELECT DISTINCT workspace_id FROM contact_merges WHERE snapshot IS NOT NULL AND at < $1
"""

_FORGET_OLD: Final = """
    UPDATE contact_merges SET snapshot = NULL WHERE workspace_id = $1 AND snapshot IS NOT NULL AND at < $2
"""
