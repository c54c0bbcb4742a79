"""Behind each number of the exclusions are as many people, while a broadcast is a draft and once it has started."""

from datetime import timedelta
from typing import Any

import pytest

from models import clock, db
from models.broadcasts import exclusions, lifecycle, starting
from models.broadcasts.retries import retry
from models.db.tables.broadcasts import Broadcast
from models.messaging.message_states import MessageStatus
from models.messaging.rendering import Binding
from models.segments import workspace_settings
from permissions.capabilities import Permission
from permissions.principal import Scope
from permissions.roles import Role
from schema.server.ids import split_global_id, to_global_id
from tests.kit.api import Api, bearer_of
from tests.kit.broadcasts import a_draft, a_segment, people
from tests.kit.workspaces import new_workspace

AUDIENCE = "query ($id: ID!) { broadcast(id: $id) { audience { recipients exclusions { reason count } } } }"
EXCLUDED = """query ($id: ID!, $reason: ExclusionReason!, $first: Int, $after: String) { broadcast(id: $id) {
    excluded(reason: $reason, first: $first, after: $after) {
        nodes { id name } pageInfo { hasNextPage endCursor } totalCount } } }"""
REASONS = (
    "EXCLUDED_SEGMENT",
    "NO_PHONE",
    "OPTED_OUT",
    "NO_CONSENT",
    "MISSING_PARAMETER",
    "MESSAGE_CAP",
    "DUPLICATE_PHONE",
)
"""All that there are."""


async def behind(api: Api, bearer: str, broadcast: Broadcast, reason: str, first: int) -> list[int]:
    """The ids of the contacts, read in pages."""
    ids: list[int] = []
    after, more = None, True
    while more:
        variables = {"reason": reason, "first": first, "after": after}
        shown = await api.data(bearer, EXCLUDED, id=to_global_id("Broadcast", broadcast.id), **variables)
        page = shown["broadcast"]["excluded"]
        ids += [split_global_id(node["id"])[1] for node in page["nodes"]]  # type: ignore[index]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert page["totalCount"] == len(ids)
    return ids


async def agree(api: Api, bearer: str, broadcast: Broadcast, wanted: dict[str, list[int]]) -> None:
    """The numbers, and the people behind them, are those that are wanted."""
    shown = (await api.data(bearer, AUDIENCE, id=to_global_id("Broadcast", broadcast.id)))["broadcast"]["audience"]
    numbers = {one["reason"]: one["count"] for one in shown["exclusions"]}
    assert numbers == {reason: len(ids) for reason, ids in wanted.items() if ids}
    for first in (1, 2, 50):
        found = {reason: await behind(api, bearer, broadcast, reason, first) for reason in REASONS}
        assert found == {reason: wanted.get(reason, []) for reason in REASONS}


async def change(ids: list[int], **values: Any) -> None:
    for name, value in values.items():
        await db.execute(f"UPDATE contacts SET {name} = $2 WHERE id = ANY ($1::bigint[])", ids, value)


async def with_all_reasons(scope: Scope) -> tuple[Broadcast, dict[str, list[int]]]:
    """A draft, and who is left out of it by which reason. Two contacts get it."""
    ids = await people(scope, 17)
    excluded = await a_segment(scope, ids[:3], "Not these")
    await change(ids[2:5], phone=None, whatsapp_consent="OPTED_OUT")  # of the first three: excluded comes first
    await change(ids[5:7], whatsapp_consent="OPTED_OUT")
    await change(ids[7:10], whatsapp_consent="UNKNOWN")
    await change(ids[10:12], name="  \n ")
    spelt = "UPDATE contacts SET phone = '+34 600 000 017', phone_twin = $2 WHERE id = $1"
    for twin, contact_id in enumerate(ids[12:14], start=1):  # the number of the last one, who is not the first of them
        await db.execute(spelt, contact_id, twin)
    earlier = await a_draft(scope, await a_segment(scope, ids[14:15], "Before"))
    await lifecycle.schedule(scope, earlier.id, None)
    await starting.prepare(scope, earlier.id)
    await db.execute("UPDATE messages SET status = 'SENT', sent_at = $1", clock.now() - timedelta(hours=1))
    draft = await a_draft(
        scope, await a_segment(scope, ids), exclude_segment_ids=[excluded], parameters=[Binding("1", field="name")]
    )
    groups = (ids[:3], ids[3:5], ids[5:7], ids[7:10], ids[10:12], ids[14:15], [ids[13], ids[16]])
    return draft, dict(zip(REASONS, groups, strict=True))


async def test_the_people_are_those_that_are_counted(
    api: Api, scope: Scope, bearer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exclusions, "AT_FIRST", 3)  # so that a page needs several looks
    await workspace_settings.update(scope, {"message_cap": (1, "P7D")})
    draft, wanted = await with_all_reasons(scope)
    await agree(api, bearer, draft, wanted)
    await lifecycle.schedule(scope, draft.id, None)
    await starting.prepare(scope, draft.id)
    await agree(api, bearer, draft, wanted)
    everybody = [contact_id for ids in wanted.values() for contact_id in ids]
    await change(everybody, whatsapp_consent="OPTED_IN", name="Somebody")  # it is as it was when it started
    await agree(api, bearer, draft, wanted)
    await db.execute("UPDATE messages SET status = 'FAILED' WHERE source_id = $1", draft.id)
    await db.execute("UPDATE message_counters SET failed = pending, pending = 0 WHERE source_id = $1", draft.id)
    await db.execute("UPDATE broadcasts SET status = 'COMPLETED' WHERE id = $1", draft.id)
    [first, second] = await db.fetch("SELECT contact_id AS id FROM messages WHERE source_id = $1 ORDER BY 1", draft.id)
    await change([first["id"]], whatsapp_consent="OPTED_OUT")
    again = await retry(scope, draft.id, [MessageStatus.FAILED])
    await agree(api, bearer, again, {"OPTED_OUT": [first["id"]]})
    await lifecycle.schedule(scope, again.id, None)
    await starting.prepare(scope, again.id)
    await agree(api, bearer, again, {"OPTED_OUT": [first["id"]]})
    await db.execute("DELETE FROM contacts WHERE id = $1", wanted["NO_PHONE"][0])
    page = await api.data(bearer, EXCLUDED, id=to_global_id("Broadcast", draft.id), reason="NO_PHONE")
    assert len(page["broadcast"]["excluded"]["nodes"]) == 1
    assert second["id"] not in everybody


async def test_they_need_the_permission_to_read_contacts_and_belong_to_one_workspace(api: Api, scope: Scope) -> None:
    draft, _ = await with_all_reasons(scope)
    outside = to_global_id("Broadcast", draft.id)
    reader = await bearer_of(scope, Role.USER, Permission.BROADCAST_READ)
    assert await api.codes(reader, AUDIENCE, id=outside) == []
    assert await api.codes(reader, EXCLUDED, id=outside, reason="NO_PHONE") == ["FORBIDDEN"]
    stranger = await bearer_of(await new_workspace("Other"))
    assert (await api.data(stranger, EXCLUDED, id=outside, reason="NO_PHONE"))["broadcast"] is None
    both = await bearer_of(scope, Role.USER, Permission.BROADCAST_READ, Permission.CONTACT_READ)
    page = (await api.data(both, EXCLUDED, id=outside, reason="NO_PHONE", first=1))["broadcast"]["excluded"]
    other = {"reason": "OPTED_OUT", "after": page["pageInfo"]["endCursor"]}
    assert await api.codes(both, EXCLUDED, id=outside, **other) == ["BAD_REQUEST"]
