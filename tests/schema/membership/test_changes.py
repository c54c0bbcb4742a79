"""Who entered and left, over GraphQL: paged, live, resumed, and of one contact."""

import asyncio
from contextlib import aclosing

import pytest

from models import clock, db
from models.accounts import api_tokens, members
from models.changelog.cursor import from_cursor, to_cursor
from models.changelog.live_reader import TailLimits
from models.changelog.members import MEMBERS
from models.changelog.tail import TAIL, Tail
from models.membership import manual_changes
from models.membership.origins import Origin
from permissions.capabilities import Permission
from permissions.roles import Role
from schema.membership.change_feed import follow
from schema.server.ids import to_global_id
from schema.server.refusals import SlowConsumer
from tests.kit.api import Api, bearer_of, token_with
from tests.kit.logs import drop_the_log, entered, months_ago
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workspaces import new_workspace

__all__ = ["months_ago"]

PAGE = """query ($after: ChangeCursor, $segmentIds: [ID!], $first: Int) {
    membershipChanges(after: $after, segmentIds: $segmentIds, first: $first) {
        changes { cursor kind origin at segmentId contactId segment { name } contact { name } } cursor hasMore } }"""
LIVE = """subscription ($after: ChangeCursor, $segmentIds: [ID!]) {
    membershipChanges(after: $after, segmentIds: $segmentIds) { cursor kind contactId segmentId } }"""


@pytest.fixture
async def api():
    return Api()


async def test_the_log_is_paged_and_its_cursor_goes_on(database, api):
    scope = await new_workspace()
    bearer = await bearer_of(scope)
    segment = await static_segment(scope, name="Friends")
    ana, ben = (await new_contacts(scope, 1, name="Ana")) + (await new_contacts(scope, 1, name="Ben"))
    start = (await api.data(bearer, PAGE))["membershipChanges"]
    assert start["changes"] == []
    await entered(scope, segment, ana)
    await entered(scope, segment, ben)
    page = (await api.data(bearer, PAGE, after=start["cursor"], first=1))["membershipChanges"]
    assert page["hasMore"]
    (change,) = page["changes"]
    assert change["segment"] == {"name": "Friends"}
    assert change["contact"] == {"name": "Ana"}
    assert (change["kind"], change["origin"]) == ("ENTERED", "MANUAL")
    assert change["contactId"] == to_global_id("Contact", ana)
    page = (await api.data(bearer, PAGE, after=page["cursor"]))["membershipChanges"]
    assert [change["contactId"] for change in page["changes"]] == [to_global_id("Contact", ben)]
    assert not page["hasMore"]


async def test_a_cursor_that_is_none_and_a_segment_that_is_not_there_are_told_apart(database, api):
    scope, other = await new_workspace(), await new_workspace("Other")
    bearer = await bearer_of(scope)
    foreign = await static_segment(other)
    for variables, words in (
        ({"after": to_cursor(MEMBERS, other.workspace_id, 0)}, "no cursor of this workspace"),
        ({"after": "garbage"}, "no cursor of this workspace"),
        ({"after": to_cursor(MEMBERS, scope.workspace_id, 99)}, "ahead of the log"),
        ({"segmentIds": [to_global_id("Segment", foreign.id)]}, "there is no segment"),
        ({"segmentIds": ["x"]}, "there is no segment"),
        ({"first": 0}, "between 1 and 250"),
        ({"first": 251}, "between 1 and 250"),
    ):
        (error,) = (await api.ask(bearer, PAGE, **variables))["errors"]
        assert words in error["message"]
        assert error["extensions"]["code"] == "BAD_REQUEST"


async def test_the_log_of_one_huge_append_is_paged_to_its_end_for_some_segments_and_for_all(database, api):
    scope = await new_workspace()
    bearer = await bearer_of(scope)
    await db.execute("INSERT INTO contacts (workspace_id) SELECT $1 FROM generate_series(1, 900)", scope.workspace_id)
    rows = await db.fetch("SELECT id FROM contacts WHERE workspace_id = $1", scope.workspace_id)
    one, other = await static_segment(scope), await static_segment(scope)
    await entered(scope, one, *[row["id"] for row in rows])
    await entered(scope, other, *[row["id"] for row in rows[:250]])
    for wanted, first, positions in (
        (None, None, range(1, 1151)),
        ([one.id], 250, range(1, 901)),
        ([other.id], 125, range(901, 1151)),
        ([], 250, ()),
    ):
        ids = None if wanted is None else [to_global_id("Segment", number) for number in wanted]
        read, cursor, more = [], to_cursor(MEMBERS, scope.workspace_id, 0), True
        while more:
            page = (await api.data(bearer, PAGE, after=cursor, segmentIds=ids, first=first))["membershipChanges"]
            read += [from_cursor(scope, MEMBERS, change["cursor"]) for change in page["changes"]]
            assert page["changes"] or not page["hasMore"]
            cursor, more = page["cursor"], page["hasMore"]
        assert read == list(positions)
        assert from_cursor(scope, MEMBERS, cursor) == 1150


async def test_a_subscriber_gets_what_it_missed_and_then_what_happens_without_a_gap(database, api):
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


async def test_a_subscriber_who_names_segments_hears_of_no_others(database, api):
    scope = await new_workspace()
    bearer = await bearer_of(scope)
    one, other = await static_segment(scope), await static_segment(scope)
    ids = await new_contacts(scope, 3)
    async with aclosing(api.listen(bearer, LIVE, segmentIds=[to_global_id("Segment", other.id)])) as events:
        first = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.2)
        await entered(scope, one, *ids)
        await entered(scope, other, ids[1])
        change = (await first)["data"]["membershipChanges"]
        assert (change["segmentId"], change["contactId"]) == (
            to_global_id("Segment", other.id),
            to_global_id("Contact", ids[1]),
        )


async def test_a_reader_that_takes_nothing_is_ended_with_its_cursor_and_can_go_on_from_there(database):
    scope = await new_workspace()
    segment = await static_segment(scope)
    ids = await new_contacts(scope, 40)
    tail = Tail(TailLimits(waiting=10, patience_seconds=0.1, look_seconds=0.01))
    follower = follow(scope, None, None, tail=tail)
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
    async with aclosing(follow(scope, None, position, tail=tail)) as again:
        assert [change.contact_id for change in (await anext(again)).events] == ids[1:]


async def test_catching_up_ends_with_a_word_when_the_log_is_dropped_meanwhile(months_ago, monkeypatch):
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
async def test_who_may_no_longer_see_changes_is_told_and_is_given_none_any_more(database, what):
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


async def test_a_contact_shows_when_it_entered_and_left(database, api):
    scope = await new_workspace()
    bearer = await bearer_of(scope)
    one, other = await static_segment(scope, name="One"), await static_segment(scope, name="Other")
    (ana,) = await new_contacts(scope, 1)
    await entered(scope, one, ana)
    await entered(scope, other, ana)
    await manual_changes.change_members(scope, one.id, remove=[ana], origin=Origin.API)
    query = """query ($id: ID!, $after: String, $segmentId: ID) { contact(id: $id) {
        membershipHistory(first: 2, after: $after, segmentId: $segmentId) {
            nodes { kind origin segment { name } } pageInfo { hasNextPage endCursor } } } }"""
    contact = to_global_id("Contact", ana)
    page = (await api.data(bearer, query, id=contact))["contact"]["membershipHistory"]
    assert [(n["kind"], n["segment"]["name"]) for n in page["nodes"]] == [("LEFT", "One"), ("ENTERED", "Other")]
    assert page["pageInfo"]["hasNextPage"]
    rest = (await api.data(bearer, query, id=contact, after=page["pageInfo"]["endCursor"]))["contact"]
    assert [n["segment"]["name"] for n in rest["membershipHistory"]["nodes"]] == ["One"]
    own = (await api.data(bearer, query, id=contact, segmentId=to_global_id("Segment", other.id)))["contact"]
    assert [n["kind"] for n in own["membershipHistory"]["nodes"]] == ["ENTERED"]


async def test_a_contacts_history_is_paged_to_the_end_of_what_is_kept(months_ago, api):
    scope, segment = months_ago, await static_segment(months_ago)
    (ana,) = await new_contacts(scope, 1)
    for _ in range(3):
        await entered(scope, segment, ana)
        await manual_changes.change_members(scope, segment.id, remove=[ana], origin=Origin.API)
    clock.set_source(None)
    await entered(scope, segment, ana)
    bearer = await bearer_of(scope)
    query = """query ($id: ID!, $after: String) { contact(id: $id) { membershipHistory(first: 2, after: $after) {
        edges { cursor node { kind } } pageInfo { hasNextPage endCursor } } } }"""

    async def kinds() -> list[str]:
        read, after, more = [], None, True
        while more:
            data = await api.data(bearer, query, id=to_global_id("Contact", ana), after=after)
            page = data["contact"]["membershipHistory"]
            read += [edge["node"]["kind"] for edge in page["edges"]]
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        return read

    assert await kinds() == ["ENTERED", *["LEFT", "ENTERED"] * 3]
    await drop_the_log()
    assert await kinds() == ["ENTERED"]
    response = await api.ask(bearer, query, id=to_global_id("Contact", ana), after="garbage")
    assert [error["extensions"]["code"] for error in response["errors"]] == ["BAD_REQUEST"]


async def test_who_may_not_see_contacts_sees_changes_without_them(database, api):
    scope = await new_workspace()
    bearer = await bearer_of(scope, Role.USER, Permission.SEGMENT_READ)
    segment = await static_segment(scope)
    await entered(scope, segment, *await new_contacts(scope, 1))
    response = await api.ask(bearer, PAGE)
    assert [error["extensions"]["code"] for error in response["errors"]] == ["FORBIDDEN"]
    assert response["data"]["membershipChanges"]["changes"][0]["contact"] is None
