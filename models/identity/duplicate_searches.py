"""Searches for contacts with names alike, by a worker: among many contacts they take longer than somebody waits for.

A search is asked for by a person who looks at the pairs, so a workspace at which nobody looks costs nothing.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from models import clock, db
from models.identity.alike import ALIKE
from models.queue import work
from models.queue.enqueue import enqueue
from permissions.principal import Scope

FEW: Final = 20_000
"""Contacts that are compared at once, whenever somebody asks."""

FRESH: Final = timedelta(hours=1)
"""So long what was found is good enough."""

ABANDONED: Final = timedelta(minutes=15)
"""A search that has taken so long was begun by a worker that died."""

MOST_KEPT: Final = 100_000
"""Pairs. Of more, those whose younger contacts are the oldest are kept."""


async def is_needless(scope: Scope) -> bool:
    """Whether the workspace has so few contacts that nothing is kept."""
    found: int = await db.fetch_value(
        "SELECT count(*) FROM (SELECT 1 FROM contacts WHERE workspace_id = $1 LIMIT $2) AS counted",
        scope.workspace_id,
        FEW + 1,
    )
    return found <= FEW


@dataclass(frozen=True, slots=True)
class Searched:
    """`at`: when the kept pairs were found; None: not yet. `is_asked`: newer ones come soon."""

    at: datetime | None
    is_asked: bool


async def state(scope: Scope) -> Searched:
    if await is_needless(scope):
        return Searched(clock.now(), is_asked=False)
    row = await db.fetch_row(
        "SELECT found_at, asked_at FROM duplicate_searches WHERE workspace_id = $1", scope.workspace_id
    )
    return Searched(None, is_asked=False) if row is None else Searched(row["found_at"], row["asked_at"] is not None)


async def ask(scope: Scope) -> None:
    """Has a worker search, unless what was found is fresh, or it was asked already."""
    searched, now = await state(scope), clock.now()
    if searched.is_asked or (searched.at is not None and searched.at > now - FRESH):
        return
    async with db.transaction():
        await db.execute(_ASK, scope.workspace_id, now)
        await enqueue(work.FIND_DUPLICATES, scope.workspace_id)


_ASK: Final = """
    INSERT INTO duplicate_searches (workspace_id, asked_at) VALUES ($1, $2)
    ON CONFLICT (workspace_id) DO UPDATE SET asked_at = excluded.asked_at
"""


# ---------------------------------------------------------------- by a worker


async def search(workspace_id: int) -> bool:
    """Compares all names, and keeps what it finds in the place of what was kept.

    False: nobody asked, another worker searches, or this one took so long that another began anew.
    """
    began_at = clock.now()
    if not await db.execute(_BEGIN, workspace_id, began_at, began_at - ABANDONED):
        return False
    async with db.transaction():
        await db.execute("SET LOCAL statement_timeout = 0")
        if not await db.execute(_END, workspace_id, began_at):
            return False
        await db.execute("DELETE FROM duplicate_candidates WHERE workspace_id = $1", workspace_id)
        await db.execute(_KEEP, workspace_id, MOST_KEPT)
    return True


_BEGIN: Final = """
    UPDATE duplicate_searches SET started_at = $2
    WHERE workspace_id = $1 AND asked_at IS NOT NULL AND (started_at IS NULL OR started_at < $3)
"""

_KEEP: Final = f"""
    INSERT INTO duplicate_candidates (workspace_id, contact_id, older_id, likeness, reasons)
    SELECT $1, a.id, a.older_id, max(a.likeness), array_agg(DISTINCT a.reason) FROM ({ALIKE}) AS a
    GROUP BY a.id, a.older_id ORDER BY a.id, a.older_id LIMIT $2
"""  # noqa: S608 - constants

# First, for the lock of the row: two searches cannot both end.
_END: Final = """
    UPDATE duplicate_searches SET found_at = $2, asked_at = NULL, started_at = NULL
    WHERE workspace_id = $1 AND started_at = $2
"""


async def wanted(limit: int = 1_000) -> list[int]:
    """Workspaces in which a search is to come, or was abandoned. Reads all workspaces."""
    rows = await db.fetch(
        """
        /* all workspaces */ SELECT workspace_id FROM duplicate_searches
        WHERE asked_at IS NOT NULL AND (started_at IS NULL OR started_at < $1) ORDER BY asked_at LIMIT $2
        """,
        clock.now() - ABANDONED,
        limit,
    )
    return [row["workspace_id"] for row in rows]
