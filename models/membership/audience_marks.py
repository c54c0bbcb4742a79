"""Tells audiences of contacts whose keys or consent changed, or that were deleted: the log of members does not say it."""

from typing import Final

from models import db
from models.membership.dirty_contacts import Marks
from models.rules.contact_changes import DELETED, field_changed

_CONCERNED: Final = frozenset(
    {
        DELETED,
        *map(field_changed, ("email", "phone", "first_name", "last_name", "date_of_birth", "whatsapp_consent")),
    }
)
"""Changes of the fields that people are recognised by, or excluded by. A new contact enters segments, which is logged."""


async def record(workspace_id: int, marks: Marks) -> None:
    """Under the engine lock, which says whether the workspace has audiences."""
    concerned = [contact_id for contact_id, changes in marks.items() if not _CONCERNED.isdisjoint(changes)]
    if concerned:
        await db.execute(_RECORD, workspace_id, concerned)


_RECORD: Final = """
    INSERT INTO audience_marks (workspace_id, contact_id)
    SELECT $1, contact_id FROM unnest($2::bigint[]) AS concerned (contact_id)
"""
