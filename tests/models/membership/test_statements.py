"""The engine's statements look rows up by what is few: the contacts of the slice."""

from models import clock, db
from models.membership import apply, rulebook, turns
from tests.kit.segments import dynamic_segment, new_contacts
from tests.kit.workspaces import new_workspace


async def test_stored_members_are_found_by_contact_however_many_members_the_segments_have(database):
    scope = await new_workspace()
    for _ in range(20):
        await dynamic_segment(scope)
    contact_ids = await new_contacts(scope, 300)
    await _put_everybody_everywhere(scope)
    async with db.transaction():
        turn = await turns.take(scope.workspace_id)
        book = await rulebook.current(scope.workspace_id, turn.epoch)
        statement = book.statement(tuple(sorted(book.followed)))
        arguments = await statement.parameters.values(clock.now(), contact_ids=contact_ids[:200])
        plan = "\n".join(row[0] for row in await db.fetch(f"EXPLAIN {statement.sql}", *arguments))
    assert "memberships_contact_idx" in plan, plan
    assert "memberships_pkey" not in plan


async def _put_everybody_everywhere(scope):
    async with db.transaction():
        await apply.begin(scope.workspace_id, clock.now())
        await db.execute(
            "INSERT INTO memberships (workspace_id, segment_id, contact_id, origin)"
            " SELECT s.workspace_id, s.id, c.id, 'RULE' FROM segments s JOIN contacts c USING (workspace_id)"
        )
    await db.execute("VACUUM (ANALYZE) memberships")
