"""Changes of consent: who or what, when, from, to, and what shows it. They outlive the contact.

The consent with which a contact was made is the `from` of its first change.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models import clock, db
from models.contacts.consent import Consent, ConsentSource
from permissions.principal import Principal, Scope


@dataclass(frozen=True, slots=True)
class ConsentChange:
    """`at`: when it was said or entered. `actor_id`: of a member or a token."""

    contact_id: int
    at: datetime
    source: ConsentSource
    was: Consent
    now: Consent
    evidence: str | None = None
    actor_id: int | None = None


_RECORD: Final = """
    INSERT INTO consent_changes (workspace_id, recorded_at, contact_id, at, source, actor_id, from_consent, from_source, from_at,
                                 to_consent, evidence)
    SELECT $1, $2, g.* FROM unnest($3::bigint[], $4::timestamptz[], $5::text[], $6::bigint[], $7::text[], $8::text[],
                                   $9::timestamptz[], $10::text[], $11::text[]) AS g
"""


async def record(workspace_id: int, changes: Sequence[ConsentChange]) -> None:
    if changes:
        await db.execute(
            _RECORD,
            workspace_id,
            clock.now(),
            [one.contact_id for one in changes],
            [one.at for one in changes],
            [one.source for one in changes],
            [one.actor_id for one in changes],
            [one.was.value for one in changes],
            [one.was.source for one in changes],
            [one.was.at for one in changes],
            [one.now.value for one in changes],
            [one.evidence for one in changes],
        )


_BEFORE_STOP: Final = """
    SELECT DISTINCT ON (contact_id) contact_id, from_consent, from_source, from_at FROM consent_changes
    WHERE workspace_id = $1 AND contact_id = ANY ($2::bigint[]) AND to_consent = 'OPTED_OUT' AND source = 'PERSON'
    ORDER BY contact_id, id DESC
"""


async def before_stop(workspace_id: int, contact_ids: Sequence[int]) -> dict[int, Consent]:
    """By contact: the consent that the person's last own stop took the place of. Absent: it was made after the stop."""
    if not contact_ids:
        return {}
    rows = await db.fetch(_BEFORE_STOP, workspace_id, list(contact_ids))
    return {row["contact_id"]: Consent(row["from_consent"], row["from_source"], row["from_at"]) for row in rows}


async def page_for_each(
    scope: Scope, contact_ids: Sequence[int], limit: int, before: int | None = None
) -> dict[int, list[db.Record]]:
    """Up to `limit` changes of each contact, the newest first, before the change with the id `before`."""
    rows = await db.fetch(
        """
        SELECT page.* FROM unnest($2::bigint[]) AS wanted (contact_id), LATERAL (
            SELECT id, contact_id, at, source, from_consent, to_consent, evidence FROM consent_changes c
            WHERE c.workspace_id = $1 AND c.contact_id = wanted.contact_id AND ($4::bigint IS NULL OR c.id < $4)
            ORDER BY c.id DESC LIMIT $3) AS page
        """,
        scope.workspace_id,
        list(contact_ids),
        limit,
        before,
    )
    pages: dict[int, list[db.Record]] = {contact_id: [] for contact_id in contact_ids}
    for row in rows:
        pages[row["contact_id"]].append(row)
    return pages


async def erase(workspace_id: int, contact_id: int) -> None:
    """For a person who is erased."""
    await db.execute(
        "DELETE FROM consent_changes WHERE workspace_id = $1 AND contact_id = $2", workspace_id, contact_id
    )


def source_of(principal: Principal) -> ConsentSource:
    return ConsentSource.MEMBER if principal.kind.value == ConsentSource.MEMBER else ConsentSource.API
