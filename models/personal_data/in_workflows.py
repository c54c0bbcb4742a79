"""What workflows hold about a person: the values of re-entry keys, details of steps, time zones, and the number of a test run.

Counts and steps stay; they name a contact that no longer exists.
"""

from typing import Final

from models import db
from models.personal_data.identity import Identity


async def erase(workspace_id: int, identity: Identity) -> None:
    """Enrollments that are not ended are ended by the engine, because the contact is deleted."""
    for statement in _STATEMENTS:
        await db.execute(statement, workspace_id, identity.contact_id)
    await db.execute(_TESTS, workspace_id, sorted(identity.keys))


_STATEMENTS: Final = (
    "DELETE FROM workflow_entries WHERE workspace_id = $1 AND contact_id = $2",
    "DELETE FROM workflow_turned_away WHERE workspace_id = $1 AND contact_id = $2",
    "DELETE FROM workflow_zone_changes WHERE workspace_id = $1 AND contact_id = $2",
    """
    UPDATE enrollments_ended SET entry_key = '', reason = NULL
    WHERE workspace_id = $1 AND contact_id = $2 AND (entry_key <> '' OR reason IS NOT NULL)
    """,
    "UPDATE workflow_steps SET detail = NULL WHERE workspace_id = $1 AND contact_id = $2 AND detail IS NOT NULL",
)

_TESTS: Final = """
UPDATE workflow_tests SET phone = NULL WHERE workspace_id = $1 AND muster_phone_key(phone) = ANY ($2::text[])
"""
