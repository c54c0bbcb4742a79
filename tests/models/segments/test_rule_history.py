"""The rules that a segment had: who set them, and what difference they made."""

from models.membership import rebuild
from models.queue import running_jobs
from models.segments import rule_history, segments
from models.tag_changes import tag_changes
from tests.kit.segments import TAGGED_VIP, dynamic_segment, new_contacts, static_segment
from tests.kit.workspaces import as_member, new_member, new_workspace


def tagged(tag):
    return {"tags": {"operator": "HAS_ANY", "tags": [tag]}}


async def versions(scope, segment, first=10, before=None):
    page = (await rule_history.page_for_each(scope, [segment.id], first, before))[segment.id]
    return [(row["number"], row["set_by"], row["entered"], row["left"]) for row in page]


async def test_each_rule_has_its_number_its_author_and_its_difference(database):
    scope = await new_workspace()
    await new_contacts(scope, 3, tags=["vip"])
    await new_contacts(scope, 2, tags=["vip", "new"])
    await new_contacts(scope, 1, tags=["new"])
    member = await new_member(scope)
    segment = await dynamic_segment(scope)
    assert await versions(scope, segment) == [(1, None, 5, 0)]
    await segments.update(as_member(scope, member), segment.id, {"rule": tagged("new")})
    assert await versions(scope, segment) == [(2, member.id, None, None), (1, None, 5, 0)]
    await rebuild.rebuild(scope.workspace_id, segment.id)
    assert await versions(scope, segment) == [(2, member.id, 1, 3), (1, None, 5, 0)]
    await segments.update(scope, segment.id, {"name": "Another name"})
    await rebuild.rebuild(scope.workspace_id, segment.id, again=True)
    assert await versions(scope, segment) == [(2, member.id, 1, 3), (1, None, 5, 0)]


async def test_a_rule_that_never_came_into_force_made_no_difference(database):
    scope = await new_workspace()
    await new_contacts(scope, 3, tags=["vip"])
    segment = await dynamic_segment(scope)
    await segments.update(scope, segment.id, {"rule": tagged("nobody")})
    await segments.update(scope, segment.id, {"rule": tagged("VIP")})
    await rebuild.rebuild(scope.workspace_id, segment.id)
    assert await versions(scope, segment) == [(3, None, 0, 0), (2, None, None, None), (1, None, 3, 0)]
    assert await versions(scope, segment, 1, before=3) == [(2, None, None, None), (1, None, 3, 0)]


async def test_copies_and_renamed_tags_have_versions_and_static_segments_none(database):
    scope = await new_workspace()
    await new_contacts(scope, 1, tags=["vip"])
    segment = await dynamic_segment(scope)
    copy = await segments.duplicate(scope, segment.id, "Copy")
    assert await versions(scope, copy.segment) == [(1, None, None, None)]
    assert await versions(scope, await static_segment(scope, [])) == []
    job = await tag_changes.rename_tag(scope, "vip", "gold")
    taken = await running_jobs.take(scope.workspace_id, job.id)
    assert taken is not None
    async for _ in tag_changes.carry_on(scope, taken):
        pass
    page = (await rule_history.page_for_each(scope, [segment.id], 5))[segment.id]
    assert [row["number"] for row in page] == [2, 1]
    assert "gold" in page[0]["rule"]
    assert "vip" in page[1]["rule"]


async def test_the_rules_of_an_earlier_life_stay_after_a_restore(database):
    scope = await new_workspace()
    await new_contacts(scope, 2, tags=["vip"])
    segment = await dynamic_segment(scope, TAGGED_VIP)
    await segments.delete(scope, segment.id)
    await segments.restore(scope, segment.id)
    await rebuild.rebuild(scope.workspace_id, segment.id)
    assert await versions(scope, segment) == [(1, None, 2, 0)]
