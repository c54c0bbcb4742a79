"""The log of members: who entered and left which segments."""

from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Final, NamedTuple

from models import db
from models.changelog.log import Log
from models.db import Record
from permissions.principal import Scope


class MembershipChange(NamedTuple):
    """A contact entered or left a segment; `kind` and `origin` are values of ChangeKind and Origin."""

    workspace_id: int
    position: int
    segment_id: int
    contact_id: int
    kind: str
    origin: str
    at: datetime


def _change(workspace_id: int, row: Record) -> MembershipChange:
    return MembershipChange(workspace_id, *row)


MEMBERS: Final = Log(
    name="members",
    noun="changes",
    entries="membership_changes",
    appends="membership_appends",
    heads="membership_heads",
    append_ids="membership_append_ids",
    columns=("segment_id", "contact_id", "kind", "origin", "at"),
    filter_column="segment_id",
    filter_type="bigint",
    make=_change,
    filter_value=attrgetter("segment_id"),
    cursor_mark="m1",
    cursor_source="membershipChanges",
    when_lost="Read the segments' members anew, and begin with a new cursor",
    own="contact_id",
)


async def history(
    scope: Scope,
    contact_ids: Sequence[int],
    first: int,
    *,
    before: int | None = None,
    segment_id: int | None = None,
) -> dict[int, list[MembershipChange]]:
    """Returns changes by contact id, newest first: up to `first` + 1, with positions below `before`."""
    rows = await db.fetch(_HISTORY, scope.workspace_id, list(contact_ids), first + 1, before, segment_id)
    found: dict[int, list[MembershipChange]] = {contact_id: [] for contact_id in contact_ids}
    for row in rows:
        found[row["contact_id"]].append(_change(scope.workspace_id, row))
    return found


_HISTORY = """
SELECT c.* FROM unnest($2::bigint[]) AS wanted (contact_id)
CROSS JOIN LATERAL (
    SELECT a.position - a.size + m.place AS position, m.segment_id, m.contact_id, m.kind, m.origin, m.at
    FROM membership_changes AS m
    JOIN membership_appends AS a ON a.workspace_id = $1 AND a.append_id = m.append_id
    WHERE m.workspace_id = $1 AND m.contact_id = wanted.contact_id
      AND ($4::bigint IS NULL OR a.position - a.size + m.place < $4::bigint)
      AND ($5::bigint IS NULL OR m.segment_id = $5::bigint)
    ORDER BY 1 DESC LIMIT $3
) AS c
ORDER BY c.position DESC
"""
