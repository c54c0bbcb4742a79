"""The membership log, live: resumed, for some segments, too slow, no longer allowed."""

import asyncio
from contextlib import aclosing

import pytest

from models.accounts import api_tokens, members
from models.changelog.cursor import from_cursor, to_cursor
from models.changelog.live_reader import TailLimits
from models.changelog.members import MEMBERS
from models.changelog.tail import TAIL, Tail
from permissions.capabilities import Permission
from permissions.roles import Role
from schema.server.ids import to_global_id
from schema.server.refusals import SlowConsumer
from schema.server.subscriptions.log_feed import follow_log
from tests.kit.api import Api, bearer_of, token_with
from tests.kit.followers import subscribed
from tests.kit.logs import drop_the_log, entered, months_ago
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workspaces import new_workspace

__all__ = ["months_ago"]

LIVE = """subscription ($after: ChangeCursor, $segmentIds: [ID!]) {
    membershipChanges(after: $after, segmentIds: $segmentIds) { cursor kind contactId segmentId } }"""


async def test_a_subscriber_gets_what_it_missed_and_then_live_changes_without_a_gap(database, api):
    scope = await new_workspace()
    bearer = await bearer_of(scope)
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 30)
    cursor = to_cursor(MEMBERS, scope.workspace_id, 0)
    for contact_id in ids[:10]:
        await entered(scope, segment, contact_id)

    async def go_on():
        for contact_id in ids[10:]:
            await entered(scope, segment, contact_id)

    writing = asyncio.create_task(go_on())
    got = []
    async with aclosing(api.listen(bearer, LIVE, after=cursor)) as events:
        async for event in events:
            got.append(event["data"]["membershipChanges"]["contactId"])
            if len(got) == 30:
                break
    await writing
    assert got == [to_global_id("Contact", contact_id) for contact_id in ids]


async def test_a_subscriber_to_some_segments_gets_no_others(database, api):
    scope = await new_workspace()
    bearer = await bearer_of(scope)
    one, other = await static_segment(scope), await static_segment(scope)
    ids = await new_contacts(scope, 3)
    async with aclosing(api.listen(bearer, LIVE, segmentIds=[to_global_id("Segment", other.id)])) as events:
        first = asyncio.ensure_future(anext(events))
        await subscribed(scope)
        await entered(scope, one, *ids)
        await entered(scope, other, ids[1])
        change = (await first)["data"]["membershipChanges"]
        assert (change["segmentId"], change["contactId"]) == (
            to_global_id("Segment", other.id),
            to_global_id("Contact", ids[1]),
        )


async def test_a_slow_reader_is_ended_with_a_cursor_to_resume_from(database):
    scope = await new_workspace()
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 40)
    tail = Tail(TailLimits(waiting=10, patience_seconds=0.1, look_seconds=0.01))
    follower = follow_log(scope, MEMBERS, None, None, tail=tail)
    news = asyncio.ensure_future(anext(follower))
    await asyncio.sleep(0.1)
    await entered(scope, segment, ids[0])
    got = await news
    for contact_id in ids[1:]:
        await entered(scope, segment, contact_id)
    await asyncio.sleep(0.3)
    with pytest.raises(SlowConsumer) as slow:
        await anext(follower)
    assert tail.readers == {}
    position = from_cursor(scope, MEMBERS, slow.value.cursor)
    assert [change.contact_id for change in got.events] == ids[:1]
    async with aclosing(follow_log(scope, MEMBERS, None, position, tail=tail)) as again:
        assert [change.contact_id for change in (await anext(again)).events] == ids[1:]


async def test_catching_up_ends_with_an_error_when_the_log_is_dropped_meanwhile(months_ago, monkeypatch):
    scope, segment = months_ago, await static_segment(months_ago)
    await entered(scope, segment, *await new_contacts(scope, 9))
    api, bearer = Api(), await bearer_of(scope)
    monkeypatch.setattr(TAIL, "limits", TailLimits(page=3))
    async with aclosing(api.listen(bearer, LIVE, after=to_cursor(MEMBERS, scope.workspace_id, 0))) as events:
        for _ in range(3):
            await anext(events)
        await drop_the_log()
        (error,) = (await asyncio.wait_for(anext(events), 5))["errors"]
    assert "too old" in error["message"]
    assert error["extensions"] == {"code": "BAD_REQUEST", "reason": "INVALID", "field": ["after"]}
    bearer, start = await bearer_of(scope), to_cursor(MEMBERS, scope.workspace_id, 0)
    (error,) = [event["errors"][0] async for event in api.listen(bearer, LIVE, after=start)]
    assert "too old" in error["message"]


@pytest.mark.parametrize("what", ["permission", "token"])
async def test_losing_the_permission_ends_the_subscription(database, what):
    scope = await new_workspace()
    segment, api = await static_segment(scope), Api(recheck_seconds=0.1)
    if what == "permission":
        bearer = await bearer_of(scope, Role.USER, Permission.SEGMENT_READ)
    else:
        bearer = await token_with(scope, Permission.SEGMENT_READ)
    first, *rest = await new_contacts(scope, 3)
    async with aclosing(api.listen(bearer, LIVE, after=to_cursor(MEMBERS, scope.workspace_id, 0))) as events:
        await entered(scope, segment, first)
        await anext(events)
        if what == "permission":
            await members.update(scope, 1, {"permissions": []})
        else:
            await api_tokens.revoke(scope, 1)
        (error,) = (await asyncio.wait_for(anext(events), 5))["errors"]
        await entered(scope, segment, *rest)
        with pytest.raises(StopAsyncIteration):
            await anext(events)
    assert error["extensions"]["code"] == {"permission": "FORBIDDEN", "token": "UNAUTHENTICATED"}[what]
    assert TAIL.readers == {}
