"""The progress of several broadcasts is read at once, and differs whenever something changed."""

from models.broadcasts import lifecycle, progress
from tests.kit.broadcasts import a_draft, a_draft_to, a_segment, a_sender, people
from tests.models.messaging.claims import claim, sending


async def test_progress_is_read_for_several_broadcasts_at_once(database: str):
    scope = await a_sender()
    draft = await a_draft(scope, await a_segment(scope, await people(scope, 1, first=500)))
    begun = await sending(scope, await a_draft_to(scope, 2))
    keys = [(scope.workspace_id, broadcast.id) for broadcast in (draft, begun)]
    found = await progress.look([*keys, (scope.workspace_id, 999)])
    assert set(found) == set(keys)
    assert found[keys[0]][:3] == ("DRAFT", None, 0)
    assert found[keys[1]][:3] == ("SENDING", None, 2)


async def test_progress_changes_with_each_claim_and_status(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 2))
    key = (scope.workspace_id, broadcast.id)
    before = await progress.look([key])
    assert await progress.look([key]) == before
    await claim(scope, broadcast, grant=1)
    claimed = await progress.look([key])
    await lifecycle.pause(scope, broadcast.id)
    assert len({before[key], claimed[key], (await progress.look([key]))[key]}) == 3
