"""What the log of members says of one contact."""

from models.changelog import members
from models.membership import manual_changes
from models.membership.origins import Origin
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workspaces import new_workspace


async def test_the_history_of_a_contact_is_newest_first(database):
    scope = await new_workspace()
    one, other = await static_segment(scope), await static_segment(scope)
    ana, ben = await new_contacts(scope, 2)
    for _ in range(2):
        await manual_changes.change_members(scope, one.id, add=[ana, ben], origin=Origin.API)
        await manual_changes.change_members(scope, one.id, remove=[ana], origin=Origin.MANUAL)
    await manual_changes.change_members(scope, other.id, add=[ana], origin=Origin.IMPORT)
    found = await members.history(scope, [ana, ben], 2)
    assert [(c.segment_id, c.kind) for c in found[ana]] == [
        (other.id, "ENTERED"),
        (one.id, "LEFT"),
        (one.id, "ENTERED"),
    ]
    assert [(c.segment_id, c.kind) for c in found[ben]] == [(one.id, "ENTERED")]
    older = await members.history(scope, [ana], 9, before=found[ana][1].position)
    assert [c.kind for c in older[ana]] == ["ENTERED", "LEFT", "ENTERED"]
    assert len((await members.history(scope, [ana], 9, segment_id=other.id))[ana]) == 1
