"""What really happened to the contacts of a test run since it last looked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models import db
from models.changelog.members import MEMBERS
from models.changelog.read import read_head
from models.rules.contact_changes import activity_changed
from models.workflows import sources
from models.workflows.happenings import Happening, in_order
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class Heard:
    """Up to which activity of its contacts, and up to where in the log of members, a test has heard."""

    activity: int
    position: int


async def up_to_now(scope: Scope, contact_ids: Sequence[int]) -> Heard:
    activity = await db.fetch_value(_LAST_ACTIVITY, scope.workspace_id, list(contact_ids))
    return Heard(activity or 0, (await read_head(scope, MEMBERS)).position)


_LAST_ACTIVITY = "SELECT max(id) FROM activities WHERE workspace_id = $1 AND contact_id = ANY ($2::bigint[])"


async def happened_between(scope: Scope, contact_ids: Sequence[int], since: Heard, until: Heard) -> list[Happening]:
    """Activities that were recorded and changes of members, in order."""
    ids = list(contact_ids)
    activities = await db.fetch(_ACTIVITIES, scope.workspace_id, ids, since.activity, until.activity)
    changes = await db.fetch(_CHANGES, scope.workspace_id, ids, since.position, until.position)
    return in_order([of_activity(*row) for row in activities] + [of_change(*row) for row in changes])


def of_activity(id_: int, contact_id: int, kind: str, at: datetime) -> Happening:
    return Happening(activity_changed(kind), contact_id, at, activity_id=id_)


def of_change(position: int, segment_id: int, contact_id: int, kind: str, at: datetime) -> Happening:
    word = f"{sources.ENTERED if kind == 'ENTERED' else sources.LEFT}{segment_id}"
    return Happening(word, contact_id, at, position=position)


_ACTIVITIES = """
SELECT id, contact_id, kind, created_at FROM activities
WHERE workspace_id = $1 AND contact_id = ANY ($2::bigint[]) AND id > $3 AND id <= $4
"""

_CHANGES = """
SELECT a.position - a.size + m.place AS position, m.segment_id, m.contact_id, m.kind, m.at
FROM membership_changes AS m
JOIN membership_appends AS a ON a.workspace_id = $1 AND a.append_id = m.append_id
WHERE m.workspace_id = $1 AND m.contact_id = ANY ($2::bigint[])
  AND a.position - a.size + m.place > $3::bigint AND a.position - a.size + m.place <= $4::bigint
"""
