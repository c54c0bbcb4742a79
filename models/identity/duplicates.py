"""Pairs of contacts that may be one person.

First come those with one number, and those that WhatsApp says are one; then those with names alike and another hint: the day of
birth, the end of the number, or the e-mail's name. A pair that somebody dismissed does not come again.
"""

from dataclasses import dataclass
from typing import Final

from models import clock, db
from models.accounts import audit_log
from models.errors import Invalid, NotFound
from permissions.principal import Scope

SAME_NUMBER: Final = "They have the same phone number, in two spellings."

LEAST_ALIKE: Final = 0.5
"""Of two names, by trigrams."""

MOST_WITH_A_HINT: Final = 100
"""Contacts that share a hint. More have it in common with everybody, as `info@` is."""

_NAMED: Final = r"""
    SELECT c.id, regexp_replace(normalize(lower(c.name), NFD), '[\u0300-\u036f]', '', 'g') AS name, c.date_of_birth::text AS born,
           right(c.phone_key, 8) AS number, nullif(split_part(c.email, '@', 1), '') AS address
    FROM contacts c WHERE c.workspace_id = $1 AND c.name <> ''
"""
"""Names without accents."""

_HINTS: Final = {
    "born": "They were born on the same day.",
    "number": "Their phone numbers end alike.",
    "address": "Their e-mail addresses begin alike.",
}

# Names are compared among those that begin alike: with a hint alone, a million contacts make too many pairs.
_SHARING: Final = """
    SELECT id, name, hint FROM (
        SELECT n.id, n.name, n.{hint} AS hint, count(*) OVER (PARTITION BY n.{hint}, left(n.name, 1)) AS sharing
        FROM named n WHERE n.{hint} IS NOT NULL) AS hinted
    WHERE sharing BETWEEN 2 AND {most}
"""

_ALIKE: Final = " UNION ALL ".join(
    f"""
    SELECT b.id, a.id AS older_id, similarity(a.name, b.name)::float8 AS likeness, '{reason}' AS reason
    FROM ({_SHARING.format(hint=hint, most=MOST_WITH_A_HINT)}) AS a
    JOIN ({_SHARING.format(hint=hint, most=MOST_WITH_A_HINT)}) AS b
        ON b.hint = a.hint AND left(b.name, 1) = left(a.name, 1) AND a.id < b.id
    WHERE similarity(a.name, b.name) >= {LEAST_ALIKE}
    """  # noqa: S608 - constants
    for hint, reason in _HINTS.items()
)

# Twins may be older or newer than the other: what is shown first has the lower id.
_PAIRS: Final = f"""
    WITH named AS MATERIALIZED ({_NAMED}), pairs AS (
        SELECT greatest(twin.id, older.id) AS id, least(twin.id, older.id) AS older_id, 1.0::float8 AS likeness, $5 AS reason
        FROM contacts twin
        JOIN contacts older ON older.workspace_id = $1 AND older.phone_key = twin.phone_key AND older.phone_twin = 0
        WHERE twin.workspace_id = $1 AND twin.phone_twin > 0
        UNION ALL
        SELECT greatest(s.contact_id, s.other_contact_id), least(s.contact_id, s.other_contact_id), 1.0, s.reason
        FROM contact_merge_suggestions s WHERE s.workspace_id = $1
        UNION ALL {_ALIKE}
    )
    SELECT p.id, p.older_id, max(p.likeness) AS likeness, array_agg(DISTINCT p.reason) AS reasons FROM pairs p
    WHERE (p.id, p.older_id) > ($2, $3) AND NOT EXISTS (
        SELECT 1 FROM duplicate_dismissals d
        WHERE d.workspace_id = $1 AND d.contact_id = p.older_id AND d.other_contact_id = p.id)
        AND ($6::bigint IS NULL OR $6 IN (p.id, p.older_id))
    GROUP BY p.id, p.older_id ORDER BY p.id, p.older_id LIMIT $4
"""  # noqa: S608 - constants


async def pairs(
    scope: Scope, limit: int, after: tuple[int, int] = (0, 0), contact_id: int | None = None
) -> list[db.Record]:
    """Pairs after the pair `after` (id, older_id), of all or with one contact: with `likeness` (0 to 1) and `reasons`."""
    return await db.fetch(_PAIRS, scope.workspace_id, *after, limit, SAME_NUMBER, contact_id)


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
