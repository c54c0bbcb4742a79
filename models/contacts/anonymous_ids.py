"""What a visitor's browser calls itself before anybody knows who it is, and the anonymous contacts of such visitors."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from models import clock, db
from models.errors import Invalid
from models.queue import work
from models.queue.enqueue import enqueue
from models.values.texts import check_name
from permissions.principal import Scope

LONGEST: Final = 200
"""Characters."""

NOBODY: Final = frozenset(
    {
        "null",
        "nil",
        "none",
        "undefined",
        "anonymous",
        "anon",
        "guest",
        "unknown",
        "user",
        "test",
        "true",
        "false",
        "nan",
    }
    | {"n/a", "na", "void", "default", "empty", "[object object]", "not set", "(not set)", "not available", "-1", "1"}
)
"""Values that programs send for everybody, in lower case: believed, they make one person of many."""


def check_anonymous_id(value: object) -> str:
    """Raises Invalid for text that stands for nobody in particular, such as zeros or `undefined`."""
    checked = check_name(value, LONGEST)
    if stands_for_nobody(checked):
        raise Invalid(
            f"{checked!r} stands for nobody in particular: send an id that one visitor alone has, such as a UUID"
        )
    return checked


def stands_for_nobody(value: str) -> bool:
    lowered = value.strip().lower()
    return lowered in NOBODY or not lowered.strip("-0_. {}")


async def contacts_of(scope: Scope, anonymous_ids: Collection[str]) -> Mapping[str, int]:
    """Returns the contact of each id, in the caller's transaction; an anonymous contact is made for a new one."""
    wanted = sorted(set(anonymous_ids))
    found = await _held(scope.workspace_id, wanted)
    missing = [value for value in wanted if value not in found]
    if missing:
        await _make(scope, missing)
        found = await _held(scope.workspace_id, wanted)
    return found


# Locked, so that no contact is deleted or merged before what follows.
_HELD: Final = """
    SELECT a.value, a.contact_id FROM contact_aliases a
    JOIN contacts c ON c.workspace_id = $1 AND c.id = a.contact_id
    WHERE a.workspace_id = $1 AND a.kind = 'ANONYMOUS_ID' AND a.value = ANY ($2::text[])
    ORDER BY a.contact_id FOR KEY SHARE OF c
"""


async def _held(workspace_id: int, values: Sequence[str]) -> dict[str, int]:
    rows = await db.fetch(_HELD, workspace_id, list(values))
    return {row["value"]: row["contact_id"] for row in rows}


async def _make(scope: Scope, values: Sequence[str]) -> None:
    """Of two writers at once, the second waits for the first and takes its contacts: those of its own are removed again."""
    now = clock.now()
    made = await db.fetch(_NEW, scope.workspace_id, len(values), now)
    ids = [row["id"] for row in made]
    kept = await db.fetch(_ALIASES, scope.workspace_id, list(values), ids, now)
    spare = sorted(set(ids) - {row["contact_id"] for row in kept})
    if spare:
        await db.execute(
            "DELETE FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[])", scope.workspace_id, spare
        )
    await enqueue(work.PROCESS_CHANGES, scope.workspace_id)


_NEW: Final = """
    INSERT INTO contacts (workspace_id, created_at, updated_at)
    SELECT $1, $3, $3 FROM generate_series(1, $2::integer) RETURNING id
"""

_ALIASES: Final = """
    INSERT INTO contact_aliases (workspace_id, kind, value, contact_id, since)
    SELECT $1, 'ANONYMOUS_ID', g.value, g.contact_id, $4 FROM unnest($2::text[], $3::bigint[]) AS g (value, contact_id)
    ORDER BY g.value
    ON CONFLICT (workspace_id, kind, value) DO NOTHING RETURNING contact_id
"""
