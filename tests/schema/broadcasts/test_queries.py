"""Broadcasts and their recipients."""

from datetime import timedelta

from models import clock, db
from models.broadcasts import lifecycle
from models.messaging import outcomes
from models.messaging.provider_events import Receipt, StatusEvent
from models.messaging.statuses import process, reference_of
from permissions.capabilities import Permission
from permissions.principal import Scope
from permissions.roles import Role
from schema.server.ids import to_global_id
from tests.kit.api import Api, bearer_of
from tests.kit.broadcasts import a_draft, a_draft_to, a_segment
from tests.models.messaging.claims import claim, sending, sent

RECIPIENTS = """query ($id: ID!, $after: String, $status: RecipientStatus) { broadcast(id: $id) {
    counts { pending sent read failed } audience { recipients }
    recipients(first: 2, after: $after, status: $status) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { id phone status reason errorCode sentAt readAt contact { name } } } } }"""


async def test_broadcasts_are_paged_newest_first_and_by_status(api: Api, scope: Scope, bearer: str):
    names = [(await a_draft(scope, await a_segment(scope, []), name=f"B{n}")).name for n in range(3)]
    await lifecycle.schedule(scope, 1, clock.now() + timedelta(hours=1))
    query = """query ($after: String, $status: BroadcastStatus) { broadcasts(first: 2, after: $after, status: $status) {
        totalCount pageInfo { hasNextPage endCursor } nodes { name } } }"""
    first = (await api.data(bearer, query))["broadcasts"]
    assert [node["name"] for node in first["nodes"]] == names[:0:-1]
    rest = (await api.data(bearer, query, after=first["pageInfo"]["endCursor"]))["broadcasts"]
    assert ([node["name"] for node in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == (["B0"], False)
    assert rest["totalCount"] == 3
    scheduled = (await api.data(bearer, query, status="SCHEDULED"))["broadcasts"]
    assert (scheduled["totalCount"], [node["name"] for node in scheduled["nodes"]]) == (1, ["B0"])
    assert (await api.codes(bearer, query, after="nonsense")) == ["BAD_REQUEST"]


async def test_each_recipient_is_shown_with_its_status(api: Api, scope: Scope, bearer: str):
    broadcast = await sending(scope, await a_draft_to(scope, 3))
    attempts = (await claim(scope, broadcast)).attempts
    await outcomes.settle(scope.workspace_id, [sent(one) for one in attempts])
    read = StatusEvent("n", f"wamid.{attempts[0].id}", Receipt.READ, clock.now(), reference_of(attempts[0].id))
    async with db.transaction():
        await process(scope.workspace_id, [read])
    outside = to_global_id("Broadcast", broadcast.id)
    page = (await api.data(bearer, RECIPIENTS, id=outside))["broadcast"]
    assert page["counts"] == {"pending": 0, "sent": 2, "read": 1, "failed": 0}
    assert [node["phone"] for node in page["recipients"]["nodes"]] == ["+34600000001", "+34600000002"]
    assert page["recipients"]["nodes"][0]["contact"] == {"name": "Person 1"}
    after = page["recipients"]["pageInfo"]["endCursor"]
    rest = (await api.data(bearer, RECIPIENTS, id=outside, after=after))["broadcast"]["recipients"]
    assert [node["phone"] for node in rest["nodes"]] == ["+34600000003"]
    readers = (await api.data(bearer, RECIPIENTS, id=outside, status="READ"))["broadcast"]["recipients"]
    assert (readers["totalCount"], readers["nodes"][0]["status"]) == (1, "READ")
    assert readers["nodes"][0]["readAt"] is not None
    node = "query ($id: ID!) { node(id: $id) { ... on BroadcastRecipient { phone } } }"
    assert (await api.data(bearer, node, id=readers["nodes"][0]["id"]))["node"] == {
        "phone": readers["nodes"][0]["phone"]
    }
    await db.execute("DELETE FROM contacts")
    gone = (await api.data(bearer, RECIPIENTS, id=outside))["broadcast"]["recipients"]["nodes"]
    assert [one["contact"] for one in gone] == [None, None]


async def test_reasons_are_counted_and_each_opens_its_recipients(api: Api, scope: Scope, bearer: str):
    broadcast = await sending(scope, await a_draft_to(scope, 3))
    attempts = (await claim(scope, broadcast)).attempts
    await outcomes.settle(scope.workspace_id, [sent(one) for one in attempts])
    refused = [
        StatusEvent(
            "n", f"wamid.{one.id}", Receipt.FAILED, clock.now(), reference_of(one.id), 131026, "Not on WhatsApp"
        )
        for one in attempts[:2]
    ]
    async with db.transaction():
        await process(scope.workspace_id, refused)
    query = """query ($id: ID!, $reason: String) { broadcast(id: $id) {
        reasons { status reason errorCode count } recipients(reason: $reason) { totalCount nodes { phone } } } }"""
    found = (await api.data(bearer, query, id=to_global_id("Broadcast", broadcast.id), reason="Not on WhatsApp"))[
        "broadcast"
    ]
    assert found["reasons"] == [{"status": "FAILED", "reason": "Not on WhatsApp", "errorCode": 131026, "count": 2}]
    assert (found["recipients"]["totalCount"], len(found["recipients"]["nodes"])) == (2, 2)


async def test_contacts_and_segments_need_their_own_permission(api: Api, scope: Scope):
    broadcast = await sending(scope, await a_draft_to(scope, 1))
    reader = await bearer_of(scope, Role.USER, Permission.BROADCAST_READ)
    outside = to_global_id("Broadcast", broadcast.id)
    plain = "query ($id: ID!) { broadcast(id: $id) { name recipients { nodes { phone } } template { body } } }"
    assert await api.codes(reader, plain, id=outside) == []
    assert await api.codes(reader, RECIPIENTS, id=outside) == ["FORBIDDEN"]
    assert await api.codes(
        reader, "query ($id: ID!) { broadcast(id: $id) { includeSegments { id } } }", id=outside
    ) == ["FORBIDDEN"]
