"""A broadcast as an app sees it: over HTTP alone, with workers that really run and the sandbox for WhatsApp."""

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from models import db
from models.accounts import secrets
from models.queue.work import Queue
from permissions.principal import Scope
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID, SECRET, TOKEN, VERIFY_TOKEN, Sandbox
from sandbox.whatsapp.webhooks import WebhookOptions
from tests.kit.api import application, bearer_of, serving
from tests.kit.app import App
from tests.kit.broadcasts import SECRET_KEY, people, running_sender
from tests.kit.whatsapp import a_sandbox
from tests.kit.workers import running_worker
from tests.kit.workspaces import new_workspace

ERRORS = "userErrors { code field message }"

CONNECT = f"""mutation ($input: WhatsAppChannelConnectInput!) {{ whatsappChannelConnect(input: $input) {{
    whatsappChannel {{ id status webhookPath }} {ERRORS} }} }}"""
CHANNEL = "{ whatsappChannel { status reason displayPhoneNumber messagesPerSecond dailyLimit reachedToday } }"
SYNC = f"mutation {{ messageTemplatesSync {{ messageTemplates {{ id name status body parameters }} {ERRORS} }} }}"
CREATE = f"""mutation ($input: BroadcastCreateInput!) {{ broadcastCreate(input: $input) {{
    broadcast {{ id status audience {{ recipients exclusions {{ reason count }} }} }} {ERRORS} }} }}"""
SCHEDULE = f"mutation ($id: ID!) {{ broadcastSchedule(id: $id) {{ broadcast {{ status }} {ERRORS} }} }}"
PAUSE = f"mutation ($id: ID!) {{ broadcastPause(id: $id) {{ broadcast {{ status reason }} {ERRORS} }} }}"
RESUME = f"mutation ($id: ID!) {{ broadcastResume(id: $id) {{ broadcast {{ status }} {ERRORS} }} }}"
RETRY = f"""mutation ($id: ID!) {{ broadcastRetry(id: $id) {{ broadcast {{
    id status retryOf {{ id }} audience {{ recipients }} }} {ERRORS} }} }}"""
TEST = f"mutation ($id: ID!, $to: [ID!]!) {{ broadcastTest(id: $id, contactIds: $to) {{ sent {ERRORS} }} }}"
COUNTS = "counts { pending sending sent delivered read failed skipped unconfirmed }"
PROGRESS = f"subscription ($id: ID!) {{ broadcastProgress(id: $id) {{ status reason {COUNTS} }} }}"
BROADCAST = f"""query ($id: ID!) {{ broadcast(id: $id) {{ status {COUNTS} audience {{ recipients exclusions {{ reason count }} }}
    failed: recipients(status: FAILED) {{ totalCount nodes {{ phone reason errorCode contact {{ id }} }} }}
    recipients(first: 2) {{ totalCount pageInfo {{ hasNextPage endCursor }} nodes {{ status sentAt }} }} }} }}"""
SEGMENT = (
    f"""mutation ($input: SegmentCreateInput!) {{ segmentCreate(input: $input) {{ segment {{ id }} {ERRORS} }} }}"""
)
EXCLUDED = """query ($id: ID!) { broadcast(id: $id) {
    out: excluded(reason: OPTED_OUT) { nodes { id phone whatsappConsent } totalCount }
    nameless: excluded(reason: MISSING_PARAMETER) { nodes { id name } totalCount }
    none: excluded(reason: NO_PHONE) { nodes { id } totalCount } } }"""
READY = (
    "query ($id: ID!) { segment(id: $id) { status memberCount uses { nodes { kind label active usedBy { id } } } } }"
)
HAS_READ = {
    "activity": {
        "kind": "message.read",
        "metric": "COUNT",
        "operator": "GT",
        "value": 0,
    }
}


@dataclass
class World:
    """The app, and what it cannot see."""

    app: App
    scope: Scope
    sandbox: Sandbox


@pytest.fixture
async def world(database: str, redis_url: str) -> AsyncIterator[World]:
    secrets.use_keys([SECRET_KEY])
    scope = await new_workspace()
    headers = {"Authorization": f"Bearer {await bearer_of(scope)}"}
    webhook_options = WebhookOptions(sent_seconds=0.02, delivered_seconds=0.1, read_seconds=0.3, read_share=0.5)
    async with (
        serving(application(redis_url=redis_url)) as address,
        a_sandbox(f"http://{address}/webhooks/whatsapp", webhook_options) as server,
        running_sender(database, redis_url, server.url),
        aiohttp.ClientSession(headers=headers) as session,
    ):
        server.sandbox.add_number(per_second=80)
        yield World(App(session, address), scope, server.sandbox)


async def connect(app: App) -> dict[str, str]:
    """Connect the channel and fetch the templates; their ids by name."""
    channel_secrets = {"token": TOKEN, "appSecret": SECRET, "verifyToken": VERIFY_TOKEN}
    await app.do(
        CONNECT, input={"phoneNumberId": NUMBER_ID, "businessAccountId": BUSINESS_ACCOUNT_ID, **channel_secrets}
    )
    ready = await app.until(CHANNEL, lambda data: data["whatsappChannel"]["status"] == "READY")
    assert ready["whatsappChannel"]["dailyLimit"] == 100_000
    synced = await app.do(SYNC)
    return {template["name"]: template["id"] for template in synced["messageTemplates"]}


async def a_dynamic_segment(app: App, name: str, rule: dict[str, Any], members: int) -> str:
    kind = "DYNAMIC_PLUS" if "activity" in rule else "DYNAMIC"
    made = await app.do(SEGMENT, input={"name": name, "kind": kind, "rule": rule})
    segment_id = made["segment"]["id"]
    await app.until(READY, lambda data: data["segment"]["memberCount"] == members, id=segment_id)
    return segment_id


@pytest.fixture
async def segments_at_work(database: str, redis_url: str) -> AsyncIterator[None]:
    async with running_worker(Queue.REALTIME, database, redis_url), running_worker(Queue.BULK, database, redis_url):
        yield


@pytest.mark.usefixtures("segments_at_work")
async def test_from_a_segment_to_the_last_receipt_with_a_pause_on_the_way(world: World):
    app = world.app
    await people(world.scope, 200)
    await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE phone LIKE '%7'")
    await db.execute("UPDATE contacts SET name = NULL WHERE phone LIKE '%55'")
    templates = await connect(app)
    segment = await a_dynamic_segment(app, "Reachable", {"field": {"field": "phone", "operator": "IS_SET"}}, 200)
    made = await app.do(
        CREATE,
        input={
            "name": "Welcome",
            "templateId": templates["greeting"],
            "parameters": [{"name": "1", "field": "name"}],
            "includeSegmentIds": [segment],
        },
    )
    broadcast = made["broadcast"]
    assert broadcast["audience"] == {
        "recipients": 178,
        "exclusions": [{"reason": "OPTED_OUT", "count": 20}, {"reason": "MISSING_PARAMETER", "count": 2}],
    }
    left_out = (await app.ask(EXCLUDED, id=broadcast["id"]))["broadcast"]
    assert [len(group["nodes"]) for group in left_out.values()] == [20, 2, 0]
    assert [group["totalCount"] for group in left_out.values()] == [20, 2, 0]
    assert {node["whatsappConsent"] for node in left_out["out"]["nodes"]} == {"OPTED_OUT"}
    assert {node["name"] for node in left_out["nameless"]["nodes"]} == {None}
    used = (await app.ask(READY, id=segment))["segment"]["uses"]["nodes"]
    assert used == [{"kind": "BROADCAST", "label": "Welcome", "active": True, "usedBy": {"id": broadcast["id"]}}]

    seen: list[dict[str, Any]] = []
    paused_at: list[float] = []

    async def watch() -> None:
        async for event in app.follow(PROGRESS, id=broadcast["id"]):
            seen.append({**event["broadcastProgress"], "at": time.monotonic()})  # noqa: PERF401 - each as it comes

    watching = asyncio.create_task(watch())
    await app.do(SCHEDULE, id=broadcast["id"])
    await app.until(BROADCAST, lambda data: data["broadcast"]["counts"]["pending"] not in (0, 178), id=broadcast["id"])
    assert (await app.do(PAUSE, id=broadcast["id"]))["broadcast"] == {
        "status": "PAUSED",
        "reason": "Paused by a person.",
    }
    paused_at.append(time.monotonic())
    await asyncio.sleep(2.0)
    at_rest = len(world.sandbox.accepted)
    assert 0 < at_rest < 178
    assert max(world.sandbox.accepted_at) - paused_at[0] < 2.0
    await app.do(RESUME, id=broadcast["id"])
    await asyncio.wait_for(watching, 60)

    assert seen[-1]["status"] == "COMPLETED"
    statuses = [event["status"] for event in seen]
    assert "PAUSED" in statuses
    assert statuses.index("PAUSED") > statuses.index("SENDING")
    for event in seen:
        assert sum(event["counts"].values()) in (0, 178)
    gaps = [later["at"] - earlier["at"] for earlier, later in itertools.pairwise(seen)]
    assert len([gap for gap in gaps if gap < 0.05]) < len(gaps) / 3, "at most ten times a second"
    assert set(world.sandbox.accepted.values()) == {1}
    assert len(world.sandbox.accepted) == 178

    def all_told(data: Any) -> bool:
        counts = data["broadcast"]["counts"]
        return counts["delivered"] + counts["read"] == 178

    found = (await app.until(BROADCAST, all_told, id=broadcast["id"]))["broadcast"]
    assert found["recipients"]["totalCount"] == 178
    assert found["audience"] == broadcast["audience"]
    assert (await app.ask(EXCLUDED, id=broadcast["id"]))["broadcast"] == left_out
    await app.until(BROADCAST, lambda data: data["broadcast"]["counts"]["read"] > 50, id=broadcast["id"])
    await asyncio.sleep(0.8)
    read = (await app.ask(BROADCAST, id=broadcast["id"]))["broadcast"]["counts"]["read"]
    await a_dynamic_segment(app, "Readers", HAS_READ, read)
    (use,) = (await app.ask(READY, id=segment))["segment"]["uses"]["nodes"]
    assert use["active"] is False


async def test_a_test_first_and_a_retry_of_those_who_were_not_reached(world: World):
    app = world.app
    templates = await connect(app)
    await people(world.scope, 10)
    await db.execute("UPDATE contacts SET phone = '+3460' || lpad('99026', 7, '0') WHERE phone LIKE '%3'")
    made = await app.do(SEGMENT, input={"name": "All", "kind": "STATIC", "contacts": {"search": "Person"}})
    segment = made["segment"]["id"]
    values = {"name": "Once", "templateId": templates["hello_world"], "includeSegmentIds": [segment]}
    broadcast = (await app.do(CREATE, input=values))["broadcast"]
    contact = (await app.ask('{ contacts(search: "Person 1", first: 1) { nodes { id } } }'))["contacts"]["nodes"][0][
        "id"
    ]
    assert (await app.do(TEST, id=broadcast["id"], to=[contact]))["sent"] == 1
    await app.do(SCHEDULE, id=broadcast["id"])
    ended = await app.until(
        BROADCAST, lambda data: data["broadcast"]["counts"]["failed"] == 1, id=broadcast["id"], seconds=60
    )
    (failed,) = ended["broadcast"]["failed"]["nodes"]
    assert (failed["errorCode"], failed["phone"]) == (131026, "+34600099026")
    await app.until(BROADCAST, lambda data: data["broadcast"]["status"] == "COMPLETED", id=broadcast["id"])
    again = (await app.do(RETRY, id=broadcast["id"]))["broadcast"]
    assert again["retryOf"] == {"id": broadcast["id"]}
    assert again["audience"] == {"recipients": 1}
    world.sandbox.faults.by_number = False
    await app.do(SCHEDULE, id=again["id"])
    await app.until(
        BROADCAST,
        lambda data: 1 in (data["broadcast"]["counts"][name] for name in ("delivered", "read")),
        id=again["id"],
    )
