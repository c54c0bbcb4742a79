"""To Python, true is 1; to a rule, and to who edits one, it is not."""

from models import db
from models.membership import rebuild
from models.segments import segments
from tests.kit.engine import plus_segment, settled
from tests.kit.segments import members_of, new_contacts
from tests.kit.workspaces import new_workspace


def opened(value):
    where = [{"property": "opened", "operator": "EQUALS", "value": value}]
    return {"activity": {"kind": "message", "where": where, "operator": "GTE", "value": 1}}


async def _message(scope, contact_id, opened):
    await db.execute(
        "INSERT INTO activities (workspace_id, contact_id, kind, occurred_at, properties)"
        " VALUES ($1, $2, 'message', now(), $3)",
        scope.workspace_id,
        contact_id,
        db.dump_json({"opened": opened}),
    )


async def test_an_edit_from_one_to_true_is_an_edit(database):
    scope = await new_workspace()
    one, true, late = await new_contacts(scope, 3)
    await _message(scope, one, 1)
    await _message(scope, true, True)
    segment = await plus_segment(scope, opened(1))
    await settled(scope)
    assert await members_of(scope, segment) == {one}
    edited = await segments.update(scope, segment.id, {"rule": opened(True)})
    assert list(edited.building) == [segment.id]
    await rebuild.rebuild(scope.workspace_id, segment.id)
    await _message(scope, late, True)
    await settled(scope)
    assert await members_of(scope, segment) == {true, late}
