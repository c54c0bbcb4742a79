"""In which workspaces an e-mail address belongs to a member: a table that is not distributed, for a sign-in names no workspace.

What adds and removes members keeps it. Members that SQL wrote are found by `mend`.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from models import clock, db

MOST: Final = 20
"""Workspaces in which one e-mail address and password are tried."""


class Place(NamedTuple):
    """Where a member is found."""

    workspace_id: int
    member_id: int


async def places(email: str, workspace_id: int | None = None) -> list[Place]:
    """Returns where members have this e-mail address, or only in one workspace, the oldest workspace first."""
    rows = await db.fetch(_PLACES, email, workspace_id, MOST)
    return [Place(row["workspace_id"], row["member_id"]) for row in rows]


_PLACES: Final = """
    SELECT workspace_id, member_id FROM sign_in_emails
    WHERE email = $1 AND ($2::bigint IS NULL OR workspace_id = $2) ORDER BY workspace_id LIMIT $3
"""


async def add(email: str, place: Place) -> None:
    """In the transaction that makes the member."""
    await _add([email], [place])


async def _add(emails: Sequence[str], places: Sequence[Place]) -> None:
    await db.execute(
        _ADD, list(emails), [place.workspace_id for place in places], [place.member_id for place in places]
    )


_ADD: Final = """
    INSERT INTO sign_in_emails AS known (email, workspace_id, member_id)
    SELECT * FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS new (email, workspace_id, member_id)
    ON CONFLICT (email, workspace_id) DO UPDATE SET member_id = excluded.member_id
    WHERE known.member_id <> excluded.member_id
"""


async def remove(place: Place) -> None:
    """In the transaction that deletes the member."""
    await db.execute("DELETE FROM sign_in_emails WHERE workspace_id = $1 AND member_id = $2", *place)


async def remove_all(workspace_id: int) -> None:
    await db.execute("DELETE FROM sign_in_emails WHERE workspace_id = $1", workspace_id)


LOOKED_BACK: Final = timedelta(days=1)


async def mend() -> None:
    """Adds the members of the last day that SQL, or a process of an older version, made. Reads all workspaces."""
    rows = await db.fetch(_NEW, clock.now() - LOOKED_BACK)
    if rows:
        await _add([row["email"] for row in rows], [Place(row["workspace_id"], row["id"]) for row in rows])


_NEW: Final = """
    /* all workspaces */ SELECT workspace_id, id, email FROM members WHERE created_at > $1 ORDER BY email, workspace_id
"""
