"""The engine's statements look rows up by what is few: the contacts of the slice."""

import re

from models import clock, db
from models.membership import apply, compiled_rules, engine_lock
from tests.kit.segments import dynamic_segment, new_contacts
from tests.kit.workspaces import new_workspace


async def test_stored_members_are_found_by_contact_however_many_members_the_segments_have(database):
    scope = await new_workspace()
    segment = await dynamic_segment(scope)
    await new_contacts(scope, 300)
    await _put_everybody_into_a_hundred_segments(scope)
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        compiled = await compiled_rules.current(scope.workspace_id, lock.epoch)
        plan = await _plan(compiled.statement((segment.id,)).sql)
    assert "memberships_contact_idx" in plan, plan
    assert "memberships_pkey" not in plan, plan


async def _put_everybody_into_a_hundred_segments(scope):
    async with db.transaction():
        await apply.begin(scope.workspace_id, clock.now())
        await db.execute(
            "INSERT INTO memberships (workspace_id, segment_id, contact_id, origin)"
            " SELECT c.workspace_id, 1000 + n, c.id, 'RULE' FROM contacts c, generate_series(1, 100) n"
        )
    await db.execute("VACUUM (ANALYZE) memberships")
    await db.execute("VACUUM (ANALYZE) contacts")


async def _plan(sql: str) -> str:
    """How a statement is run whatever its parameters are, as the holder of a turn runs it."""
    parameters = max(int(number) for number in re.findall(r"\$(\d+)", sql))
    await db.execute(f"PREPARE evaluation AS {sql}")
    try:
        rows = await db.fetch(f"EXPLAIN EXECUTE evaluation ({', '.join(['NULL'] * parameters)})")
    finally:
        await db.execute("DEALLOCATE evaluation")
    return "\n".join(row[0] for row in rows)
