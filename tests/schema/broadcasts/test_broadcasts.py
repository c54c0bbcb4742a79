"""Broadcasts and the channel as the API shows them."""

from datetime import timedelta
from typing import Any

import pytest

from models import clock, db
from models.broadcasts import lifecycle
from models.messaging import channels, outcomes
from models.messaging.provider_events import Receipt, StatusEvent
from models.messaging.statuses import process, reference_of
from permissions.capabilities import Permission
from permissions.principal import Scope
from permissions.roles import Role
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID, SECRET, TOKEN, VERIFY_TOKEN
from schema.root import build_schema
from schema.server.ids import to_global_id
from tests.kit.api import Api, bearer_of
from tests.kit.broadcasts import a_draft, a_draft_to, a_segment, a_sender, people, template
from tests.models.messaging.claims import claim, sending, sent

ERRORS = "userErrors { code message field }"


@pytest.fixture(scope="module")
def api() -> Api:
    return Api(build_schema())


@pytest.fixture
async def scope(database: str) -> Scope:
    return await a_sender()


@pytest.fixture
async def bearer(scope: Scope) -> str:
    return await bearer_of(scope)


async def a_value(scope: Scope, **more: Any) -> dict[str, Any]:
    segment = await a_segment(scope, await people(scope, 2))
    return {
        "name": "Sale",
        "templateId": to_global_id("MessageTemplate", (await template(scope)).id),
        "parameters": [{"name": "1", "field": "name", "fallback": "you"}],
        "includeSegmentIds": [to_global_id("Segment", segment)],
        **more,
    }


CREATE = f"""mutation ($input: BroadcastCreateInput!) {{ broadcastCreate(input: $input) {{ broadcast {{
    id name status requireOptIn maxLateness parameters {{ name field text fallback }} template {{ name parameters }}
    includeSegments {{ name }} excludeSegments {{ name }} audience {{ recipients }} counts {{ pending }} retryOf {{ id }}
    reason scheduledAt startedAt finishedAt }} {ERRORS} }} }}"""


async def test_what_was_written_is_shown(api: Api, scope: Scope, bearer: str):
    made = (await api.data(bearer, CREATE, input=await a_value(scope, maxLateness="PT15M")))["broadcastCreate"]
    assert made["userErrors"] == []
    shown = made["broadcast"]
    assert shown.pop("id")
    assert shown == {
        "name": "Sale",
        "status": "DRAFT",
        "requireOptIn": True,
        "maxLateness": "PT15M",
        "parameters": [{"name": "1", "field": "name", "text": None, "fallback": "you"}],
        "template": {"name": "greeting", "parameters": ["1"]},
        "includeSegments": [{"name": "Everybody"}],
        "excludeSegments": [],
        "audience": {"recipients": 2},
        "counts": {"pending": 0},
        "retryOf": None,
        "reason": None,
        "scheduledAt": None,
        "startedAt": None,
        "finishedAt": None,
    }


async def test_mistakes_are_told_with_their_place(api: Api, scope: Scope, bearer: str):
    wrong = await a_value(scope, parameters=[{"name": "1", "field": "nonsense"}], includeSegmentIds=["nonsense"])
    made = (await api.data(bearer, CREATE, input=wrong))["broadcastCreate"]
    assert made["broadcast"] is None
    assert [(error["code"], error["field"]) for error in made["userErrors"]] == [
        ("INVALID", ["parameters", "0", "field"])
    ]
    wrong = {**wrong, "parameters": [{"name": "1", "field": "name"}]}
    made = (await api.data(bearer, CREATE, input=wrong))["broadcastCreate"]
    assert [(error["code"], error["field"]) for error in made["userErrors"]] == [
        ("NOT_FOUND", ["includeSegmentIds", "0"])
    ]


@pytest.mark.parametrize("name", ["Schedule", "Pause", "Resume", "Cancel", "Retry"])
async def test_what_is_not_there_is_not_found(api: Api, bearer: str, name: str):
    for wrong in (to_global_id("Broadcast", 999), to_global_id("Contact", 1), "nonsense"):
        answer = await api.data(bearer, f"mutation ($id: ID!) {{ broadcast{name}(id: $id) {{ {ERRORS} }} }}", id=wrong)
        assert [error["code"] for error in answer[f"broadcast{name}"]["userErrors"]] == ["NOT_FOUND"]


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


RECIPIENTS = """query ($id: ID!, $after: String, $status: RecipientStatus) { broadcast(id: $id) {
    counts { pending sent read failed } audience { recipients }
    recipients(first: 2, after: $after, status: $status) {
        totalCount pageInfo { hasNextPage endCursor }
        nodes { id phone status reason errorCode sentAt readAt contact { name } } } } }"""


async def test_every_recipient_is_shown_with_what_became_of_it(api: Api, scope: Scope, bearer: str):
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


async def test_progress_follows_until_the_end(api: Api, scope: Scope, bearer: str):
    broadcast = await sending(scope, await a_draft_to(scope, 2))
    events = api.listen(
        bearer,
        "subscription ($id: ID!) { broadcastProgress(id: $id) { status counts { pending sending sent } } }",
        id=to_global_id("Broadcast", broadcast.id),
    )
    seen = [(await anext(events))["data"]["broadcastProgress"]]
    attempts = (await claim(scope, broadcast)).attempts
    await outcomes.settle(scope.workspace_id, [sent(one) for one in attempts])
    await lifecycle.finish(scope.workspace_id, broadcast.id)
    seen += [event["data"]["broadcastProgress"] async for event in events]
    assert seen[0] == {"status": "SENDING", "counts": {"pending": 2, "sending": 0, "sent": 0}}
    assert seen[-1] == {"status": "COMPLETED", "counts": {"pending": 0, "sending": 0, "sent": 2}}


async def test_progress_of_what_is_not_there_is_an_error(api: Api, bearer: str):
    query = "subscription ($id: ID!) { broadcastProgress(id: $id) { status } }"
    first = await anext(api.listen(bearer, query, id=to_global_id("Broadcast", 999)))
    assert first["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


# ---------------------------------------------------------------- the channel

CONNECT = f"""mutation ($input: WhatsAppChannelConnectInput!) {{ whatsappChannelConnect(input: $input) {{
    whatsappChannel {{ phoneNumberId businessAccountId status stopWords webhookPath }} {ERRORS} }} }}"""


async def test_a_channel_is_connected_and_its_secrets_come_back_nowhere(api: Api, scope: Scope, bearer: str):
    secrets = {"token": TOKEN, "appSecret": SECRET, "verifyToken": VERIFY_TOKEN}
    values = {"phoneNumberId": NUMBER_ID, "businessAccountId": BUSINESS_ACCOUNT_ID, **secrets, "stopWords": ["Basta"]}
    response = await api.ask(bearer, CONNECT, input=values)
    assert response["data"]["whatsappChannelConnect"]["whatsappChannel"] == {
        "phoneNumberId": NUMBER_ID,
        "businessAccountId": BUSINESS_ACCOUNT_ID,
        "status": "CHECKING",
        "stopWords": ["Basta"],
        "webhookPath": "/webhooks/whatsapp",
    }
    assert not [secret for secret in secrets.values() if secret in str(response)]
    names = (await api.data(bearer, '{ __type(name: "WhatsAppChannel") { fields { name } } }'))["__type"]["fields"]
    assert not [one["name"] for one in names if "token" in one["name"].lower() or "secret" in one["name"].lower()]
    channel = await channels.get(scope)
    shown = (await api.data(bearer, "{ whatsappChannel { id dailyLimit reachedToday messagesPerSecond } }"))[
        "whatsappChannel"
    ]
    assert shown == {
        "id": to_global_id("WhatsAppChannel", channel.id),
        "dailyLimit": None,
        "reachedToday": 0,
        "messagesPerSecond": 1000,
    }


async def test_without_a_channel_there_is_none_and_nothing_to_sync(api: Api, scope: Scope, bearer: str):
    gone = await api.data(bearer, f"mutation {{ whatsappChannelDisconnect {{ {ERRORS} }} }}")
    assert gone["whatsappChannelDisconnect"]["userErrors"] == []
    assert (await api.data(bearer, "{ whatsappChannel { id } messageTemplates { id } }")) == {
        "whatsappChannel": None,
        "messageTemplates": [],
    }
    answer = await api.data(bearer, f"mutation {{ messageTemplatesSync {{ {ERRORS} }} }}")
    assert answer["messageTemplatesSync"]["userErrors"][0]["code"] == "NOT_ALLOWED_IN_STATE"


async def test_when_no_worker_runs_the_caller_is_told_and_nothing_happens_later(
    api: Api, scope: Scope, bearer: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("schema.messaging.request_wait.WAIT_SECONDS", 0.1)
    answer = await api.data(bearer, f"mutation {{ messageTemplatesSync {{ messageTemplates {{ id }} {ERRORS} }} }}")
    payload = answer["messageTemplatesSync"]
    assert payload["userErrors"][0]["code"] == "NOT_ALLOWED_IN_STATE"
    assert "worker" in payload["userErrors"][0]["message"]
    assert await db.fetch_value("SELECT status FROM provider_requests") == "CANCELLED"
    assert scope.workspace_id
