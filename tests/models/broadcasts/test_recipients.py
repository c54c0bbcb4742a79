"""The recipients of a broadcast are read in pages, by state, by id, and only in their workspace."""

from models.broadcasts import recipients
from models.messaging import outcomes
from models.messaging.message_states import MessageStatus
from tests.kit.broadcasts import a_draft_to, a_sender
from tests.kit.workspaces import new_workspace
from tests.models.messaging.claims import claim, sending, sent


async def test_pages_go_on_after_a_phone(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 3))
    first = (await recipients.page_for_each(scope, [broadcast.id], 2))[broadcast.id]
    rest = (await recipients.page_for_each(scope, [broadcast.id], 2, after=first[-1]["phone"]))[broadcast.id]
    phones = [row["phone"] for row in [*first, *rest]]
    assert (len(first), len(rest)) == (2, 1)
    assert phones == sorted(phones)


async def test_recipients_are_listed_and_counted_by_state(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 3))
    (attempt,) = (await claim(scope, broadcast, grant=1)).attempts
    await outcomes.settle(scope.workspace_id, [sent(attempt)])
    page = (await recipients.page_for_each(scope, [broadcast.id], 10, status=MessageStatus.SENT))[broadcast.id]
    assert [row["id"] for row in page] == [attempt.id]
    assert await recipients.count(scope, broadcast.id, MessageStatus.SENT) == 1
    assert await recipients.count(scope, broadcast.id) == 3


async def test_recipients_of_another_workspace_are_not_found(database: str):
    scope = await a_sender()
    broadcast = await sending(scope, await a_draft_to(scope, 1))
    (row,) = (await recipients.page_for_each(scope, [broadcast.id], 1))[broadcast.id]
    other = await new_workspace("Other")
    assert [found["id"] for found in await recipients.by_ids(scope, [row["id"], 999])] == [row["id"]]
    assert await recipients.by_ids(other, [row["id"]]) == []
    assert await recipients.page_for_each(other, [broadcast.id], 1) == {broadcast.id: []}
    assert await recipients.count(other, broadcast.id) == 0
