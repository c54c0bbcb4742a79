"""Pairs of contacts that may be one person.

They have one number, or WhatsApp says that they are one, or their names are alike and there is another hint. A pair that somebody
dismissed does not come again.
"""

from dataclasses import dataclass
from typing import Final

from models import clock, db
from models.accounts import audit_log
from models.errors import Invalid, NotFound
from models.identity import duplicate_searches
from models.identity.alike import ALIKE
from permissions.principal import Scope

SAME_NUMBER: Final = "They have the same phone number, in two spellings."

# Twins may be older or newer than the other: what is shown first has the lower id.
_SURE: Final = """
    SELECT greatest(twin.id, older.id) AS id, least(twin.id, older.id) AS older_id, 1.0::float8 AS likeness, ARRAY[$5] AS reasons
    FROM contacts twin
    JOIN contacts older ON older.workspace_id = $1 AND older.phone_key = twin.phone_key AND older.phone_twin = 0
    WHERE twin.workspace_id = $1 AND twin.phone_twin > 0
    UNION ALL
    SELECT greatest(s.contact_id, s.other_contact_id), least(s.contact_id, s.other_contact_id), 1.0, ARRAY[s.reason]
    FROM contact_merge_suggestions s WHERE s.workspace_id = $1
"""

_NOT_DISMISSED: Final = """
    NOT EXISTS (SELECT 1 FROM duplicate_dismissals d
                WHERE d.workspace_id = $1 AND d.contact_id = {older} AND d.other_contact_id = {younger})
"""

# As many as are asked for, in order: so the first page costs the same with many.
_FOUND: Final = f"""
    (SELECT f.contact_id, f.older_id, f.likeness, f.reasons FROM duplicate_candidates f
     WHERE f.workspace_id = $1 AND (f.contact_id, f.older_id) > ($2, $3)
       AND EXISTS (SELECT 1 FROM contacts c WHERE c.workspace_id = $1 AND c.id = f.contact_id)
       AND EXISTS (SELECT 1 FROM contacts c WHERE c.workspace_id = $1 AND c.id = f.older_id)
       AND {_NOT_DISMISSED.format(older="f.older_id", younger="f.contact_id")}
       AND ($6::bigint IS NULL OR $6 IN (f.contact_id, f.older_id))
     ORDER BY f.contact_id, f.older_id LIMIT $4)
"""  # noqa: S608 - constants


def _pairs(alike: str) -> str:
    return f"""
        SELECT p.id, p.older_id, max(p.likeness) AS likeness, array_agg(DISTINCT r.reason) AS reasons
        FROM ({_SURE} UNION ALL {alike}) AS p, LATERAL unnest(p.reasons) AS r (reason)
        WHERE (p.id, p.older_id) > ($2, $3) AND {_NOT_DISMISSED.format(older="p.older_id", younger="p.id")}
          AND ($6::bigint IS NULL OR $6 IN (p.id, p.older_id))
        GROUP BY p.id, p.older_id ORDER BY p.id, p.older_id LIMIT $4
    """  # noqa: S608 - constants


_NOW: Final = _pairs(f"(SELECT a.id, a.older_id, a.likeness, ARRAY[a.reason] FROM ({ALIKE}) AS a)")  # noqa: S608 - constants

_BY_THE_LAST_SEARCH: Final = _pairs(_FOUND)


async def pairs(
    scope: Scope, limit: int, after: tuple[int, int] = (0, 0), contact_id: int | None = None
) -> list[db.Record]:
    """Pairs after the pair `after` (id, older_id), of all or with one contact: with `likeness` (0 to 1) and `reasons`.

    With many contacts, names alike are those that the last search found; a new one is asked for when it is old.
    """
    statement = _NOW if await duplicate_searches.is_needless(scope) else _BY_THE_LAST_SEARCH
    if statement is _BY_THE_LAST_SEARCH:
        await duplicate_searches.ask(scope)
    return await db.fetch(statement, scope.workspace_id, *after, limit, SAME_NUMBER, contact_id)


@dataclass(frozen=True, slots=True)
class Dismissed:
    contact_id: int
    other_id: int


async def dismiss(scope: Scope, one_id: int, other_id: int) -> Dismissed:
    """Says that these are two people. Again: changes nothing. Raises NotFound at `a` or `b`, or Invalid."""
    if one_id == other_id:
        raise Invalid("give two contacts: a contact is never its own duplicate", ("b",))
    lower, higher = sorted((one_id, other_id))
    async with db.transaction():
        await _check_known(scope, {one_id: "a", other_id: "b"})
        added = await db.fetch(_DISMISS, scope.workspace_id, lower, higher, clock.now())
        await db.execute(
            """
            DELETE FROM contact_merge_suggestions
            WHERE workspace_id = $1 AND contact_id IN ($2, $3) AND other_contact_id IN ($2, $3)
            """,
            scope.workspace_id,
            lower,
            higher,
        )
        if added:
            await audit_log.record(scope, "duplicate_dismiss", "Contact", lower, {"other": higher})
    return Dismissed(lower, higher)


_DISMISS: Final = """
    INSERT INTO duplicate_dismissals (workspace_id, contact_id, other_contact_id, dismissed_at) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING RETURNING 1
"""


async def _check_known(scope: Scope, paths: dict[int, str]) -> None:
    rows = await db.fetch(
        "SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[]) ORDER BY id FOR KEY SHARE",
        scope.workspace_id,
        list(paths),
    )
    known = {row["id"] for row in rows}
    for contact_id, path in paths.items():
        if contact_id not in known:
            raise NotFound("there is no such contact", (path,))
