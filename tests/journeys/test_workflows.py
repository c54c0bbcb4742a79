"""Workflows as a partner's app sees them: over HTTP and a WebSocket alone, with real workers, and the sandbox for WhatsApp."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest

from models.accounts import secrets
from models.queue.work import Queue
from permissions.principal import Scope
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID, SECRET, TOKEN, VERIFY_TOKEN, Sandbox
from sandbox.whatsapp.webhooks import WebhookOptions
from tests.kit.api import application, bearer_of, serving
from tests.kit.app import App
from tests.kit.broadcasts import SECRET_KEY, people, running_sender
from tests.kit.whatsapp import a_sandbox
from tests.kit.workers import WorkerProcess, running_worker
from tests.kit.workflows import what_is_there
from tests.kit.workspaces import new_workspace

ERRORS = "userErrors { code field message }"
CREATE = f"""mutation ($input: WorkflowCreateInput!) {{ workflowCreate(input: $input) {{
    workflow {{ id problems {{ blocks message nodeKey }} }} {ERRORS} }} }}"""
UPDATE = f"""mutation ($id: ID!, $graph: WorkflowGraphInput!) {{ workflowUpdate(id: $id, input: {{ graph: $graph }}) {{
    workflow {{ version }} {ERRORS} }} }}"""
PREVIEW = """query ($id: ID!) { workflowPublishPreview(id: $id) {
    token inside stay exits wakesMoved wakesNow moves { fromKey toKey count } } }"""
PUBLISH = f"""mutation ($id: ID!, $input: WorkflowPublishInput!) {{ workflowPublish(id: $id, input: $input) {{
    workflow {{ status published {{ number }} }} {ERRORS} }} }}"""
ACTIVATE = f"""mutation ($id: ID!, $testers: ID, $existing: Boolean! = false) {{
    workflowActivate(id: $id, testSegmentId: $testers, existing: $existing) {{ workflow {{ status }} changed {ERRORS} }} }}"""
SEGMENT = f"mutation ($input: SegmentCreateInput!) {{ segmentCreate(input: $input) {{ segment {{ id }} {ERRORS} }} }}"
CONTACT = f"mutation ($input: ContactInput!) {{ contactCreate(input: $input) {{ contact {{ id }} {ERRORS} }} }}"
HAPPENED = f"mutation ($input: [ActivityInput!]!) {{ activitiesRecord(input: $input) {{ recorded {ERRORS} }} }}"
MEMBERS = f"""mutation ($id: ID!, $contacts: ContactSelection!) {{ segmentContactsAdd(segmentId: $id, contacts: $contacts) {{
    segment {{ id }} {ERRORS} }} }}"""
CONNECT = f"""mutation ($input: WhatsAppChannelConnectInput!) {{ whatsappChannelConnect(input: $input) {{
    whatsappChannel {{ id }} {ERRORS} }} }}"""
CHANNEL = "{ whatsappChannel { status } }"
SYNC = f"mutation {{ messageTemplatesSync {{ messageTemplates {{ id name }} {ERRORS} }} }}"
STEPS = """subscription ($ids: [ID!], $after: StepCursor) { workflowSteps(workflowIds: $ids, after: $after) {
    cursor at contactId nodeKey outcome versionNumber enrollmentId } }"""
CHANGES = """subscription ($ids: [ID!], $after: ChangeCursor) { membershipChanges(segmentIds: $ids, after: $after) {
    kind origin contactId at } }"""
NOW = "{ changes: membershipChanges(fromNow: true) { cursor } steps: workflowSteps(fromNow: true) { cursor } }"
PROGRESS = "subscription ($id: ID!) { workflowProgress(id: $id) { status counts { entered inside ended } lagSeconds } }"
COUNTS = """query ($id: ID!) { workflow(id: $id) {
    counts { entered inside waiting held failed ended ends { end count } turnedAway { reason count } }
    nodeStats { nodeKey entered inside outcomes { outcome count } } } }"""
EXPLAIN = """query ($workflow: ID!, $contact: ID!) { workflowExplain(workflowId: $workflow, contactId: $contact) {
    mayEnter reasons enrollment { state nodeKey explanation } } }"""


@dataclass
class World:
    app: App
    scope: Scope
    sandbox: Sandbox
    realtime: WorkerProcess


@pytest.fixture
async def world(database: str, redis_url: str) -> AsyncIterator[World]:
    secrets.use_keys([SECRET_KEY])
    scope = await new_workspace()
    headers = {"Authorization": f"Bearer {await bearer_of(scope)}"}
    options = WebhookOptions(sent_seconds=0.02, delivered_seconds=0.1, read_seconds=0.3, read_share=0.5)
    async with (
        serving(application(redis_url=redis_url)) as address,
        a_sandbox(f"http://{address}/webhooks/whatsapp", options) as server,
        running_sender(database, redis_url, server.url),
        running_worker(Queue.REALTIME, database, redis_url) as realtime,
        running_worker(Queue.BULK, database, redis_url),
        aiohttp.ClientSession(headers=headers) as session,
    ):
        server.sandbox.add_number(per_second=80)
        yield World(App(session, address), scope, server.sandbox, realtime)


async def templates_of(app: App) -> dict[str, str]:
    """Connect the channel and fetch its templates; their ids by name."""
    keys = {"token": TOKEN, "appSecret": SECRET, "verifyToken": VERIFY_TOKEN}
    await app.do(CONNECT, input={"phoneNumberId": NUMBER_ID, "businessAccountId": BUSINESS_ACCOUNT_ID, **keys})
    await app.until(CHANNEL, lambda data: data["whatsappChannel"]["status"] == "READY")
    return {one["name"]: one["id"] for one in (await app.do(SYNC))["messageTemplates"]}


async def a_segment(app: App, name: str, **more: Any) -> str:
    made = await app.do(SEGMENT, input={"name": name, "kind": "STATIC", **more})
    return str(made["segment"]["id"])


async def a_contact(app: App, name: str, **values: Any) -> str:
    return str((await app.do(CONTACT, input={"name": name, **values}))["contact"]["id"])


async def happens(app: App, kind: str, *contacts: str) -> None:
    await app.do(HAPPENED, input=[{"contactId": contact, "kind": kind} for contact in contacts])


async def published(app: App, workflow: str) -> dict[str, Any]:
    """Publish the draft as its preview says. Returns the preview."""
    preview: dict[str, Any] = (await app.ask(PREVIEW, id=workflow))["workflowPublishPreview"]
    await app.do(PUBLISH, id=workflow, input={"token": preview["token"], "spread": "PT0S"})
    return preview


async def active(app: App, name: str, triggers: list[Any], nodes: list[Any], **more: Any) -> str:
    """A workflow that runs, and its id."""
    graph = {"triggers": triggers, "start": nodes[0]["key"], "nodes": nodes, **more}
    made = (await app.do(CREATE, input={"name": name, "graph": graph}))["workflow"]
    assert [one for one in made["problems"] if one["blocks"]] == []
    await published(app, made["id"])
    await app.do(ACTIVATE, id=made["id"])
    return str(made["id"])


def on(kind: str) -> list[Any]:
    return [{"key": "it", "on": {"activity": {"kind": kind}}}]


def node(key: str, **do: Any) -> dict[str, Any]:
    return {"key": key, "do": do}


END = node("end", end={})


async def steps_until(events: AsyncIterator[Any], count: int) -> list[tuple[str, str, str]]:
    """So many steps, as (contact, node, outcome)."""
    found = []
    async with asyncio.timeout(60):
        while len(found) < count:
            step = (await anext(events))["workflowSteps"]
            found.append((step["contactId"], step["nodeKey"], step["outcome"]))
    return found


async def adds_up(app: App, workflow: str) -> dict[str, Any]:
    found: dict[str, Any] = (await app.ask(COUNTS, id=workflow))["workflow"]
    for one in found["nodeStats"]:
        assert one["entered"] == one["inside"] + sum(outcome["count"] for outcome in one["outcomes"]), one
    return found


async def a_buyer_is_kept_in_a_segment_for_a_while_and_taken_out(app: App) -> None:
    kept = await a_segment(app, "Bought lately")
    keep = node("keep", segmentKeep={"segmentId": kept, "for": "PT2S", "next": "end"})
    workflow = await active(app, "Keep buyers", on("order.paid"), [keep, END])
    ana = await a_contact(app, "Ana")
    now = await app.ask(NOW)
    async with (
        aclosing(app.follow(CHANGES, ids=[kept], after=now["changes"]["cursor"])) as changes,
        aclosing(app.follow(STEPS, ids=[workflow], after=now["steps"]["cursor"])) as steps,
    ):
        entered = asyncio.ensure_future(anext(changes))
        walked = asyncio.ensure_future(steps_until(steps, 2))
        await happens(app, "order.paid", ana)
        came = (await asyncio.wait_for(entered, 60))["membershipChanges"]
        assert (came["kind"], came["origin"], came["contactId"]) == ("ENTERED", "WORKFLOW", ana)
        assert await walked == [(ana, "keep", "next"), (ana, "end", "done")]
        went = (await asyncio.wait_for(anext(changes), 60))["membershipChanges"]
        assert (went["kind"], went["origin"], went["contactId"]) == ("LEFT", "WORKFLOW", ana)
        stayed = datetime.fromisoformat(went["at"]) - datetime.fromisoformat(came["at"])
        assert timedelta(seconds=2) <= stayed < timedelta(seconds=6)
    assert (await adds_up(app, workflow))["counts"]["ends"] == [{"end": "REACHED_END", "count": 1}]


async def a_visitor_who_is_no_vip_gets_a_message_unless_a_purchase_comes_first(app: App, sandbox: Sandbox) -> None:
    templates = await templates_of(app)
    vip = await a_segment(app, "VIP")
    vips = await a_contact(app, "Vera")
    await app.do(MEMBERS, id=vip, contacts={"ids": [vips]})
    rule = {"segment": {"segmentId": vip, "member": False}}
    nodes = [
        node("ask", condition={"rule": rule, "yes": "bought", "no": "end"}),
        node(
            "bought", waitFor={"any": [on("purchase")[0]["on"]], "timeout": "PT3S", "next": "end", "timedOut": "write"}
        ),
        node("write", send={"templateId": templates["hello_world"], "requireOptIn": False, "next": "end"}),
        END,
    ]
    workflow = await active(app, "Visitors", on("product.visit"), nodes)
    ana, ben = [
        await a_contact(app, name, phone=phone) for name, phone in (("Ana", "+34600111222"), ("Ben", "+34600111333"))
    ]
    now = await app.ask(NOW)
    async with aclosing(app.follow(STEPS, ids=[workflow], after=now["steps"]["cursor"])) as events:
        walked = asyncio.ensure_future(steps_until(events, 11))
        await happens(app, "product.visit", ana, ben, vips)
        await asyncio.sleep(0.5)
        await happens(app, "purchase", ben)
        found = await walked
    assert [step[1:] for step in found if step[0] == vips] == [("ask", "no"), ("end", "done")]
    assert [step[1:] for step in found if step[0] == ben] == [
        ("ask", "yes"),
        ("bought", "waits"),
        ("bought", "next"),
        ("end", "done"),
    ]
    assert [step[1:] for step in found if step[0] == ana] == [
        ("ask", "yes"), ("bought", "waits"), ("bought", "timedOut"), ("write", "waits"), ("write", "next"),
    ]  # fmt: skip
    assert dict(sandbox.accepted) == {"+34600111222": 1}
    assert (await adds_up(app, workflow))["counts"]["ended"] == 3


async def a_wait_is_shortened_while_a_thousand_wait(
    world: World, another_worker: AbstractAsyncContextManager[Any]
) -> None:
    app = world.app
    await people(world.scope, 1000)
    chosen = await a_segment(app, "Chosen")
    nodes = [
        node("wait", wait={"for": "P7D", "next": "tag"}),
        node("tag", tagsChange={"add": ["waited"], "next": "end"}),
        END,
    ]
    workflow = await active(app, "Slow", [{"key": "it", "on": {"segmentEntered": chosen}}], nodes)
    await app.do(MEMBERS, id=chosen, contacts={"search": "Person"})
    await app.until(COUNTS, lambda data: data["workflow"]["counts"]["waiting"] == 1000, id=workflow)
    shorter = [node("wait", wait={"for": "PT1S", "next": "tag"}), *nodes[1:]]
    graph = {"triggers": [{"key": "it", "on": {"segmentEntered": chosen}}], "start": "wait", "nodes": shorter}
    await app.do(UPDATE, id=workflow, graph=graph)
    preview = await published(app, workflow)
    assert (preview["inside"], preview["exits"], preview["moves"]) == (1000, 0, [])
    assert preview["wakesMoved"] == 1000, "wakesNow are among them: those who have waited for a second"
    await world.realtime.kill()
    async with another_worker:
        found = await app.until(COUNTS, lambda data: data["workflow"]["counts"]["ended"] == 1000, id=workflow)
    assert found["workflow"]["counts"]["ends"] == [{"end": "REACHED_END", "count": 1000}]
    await adds_up(app, workflow)
    tagged = await app.ask(
        '{ contacts(first: 1, filter: { tags: { operator: HAS_ANY, tags: ["waited"] } }) { totalCount } }'
    )
    assert tagged["contacts"]["totalCount"] == 1000


async def first_testers_enter_and_then_everybody(app: App) -> None:
    testers = await a_segment(app, "Testers")
    ana, ben = await a_contact(app, "Ana"), await a_contact(app, "Ben")
    await app.do(MEMBERS, id=testers, contacts={"ids": [ana]})
    nodes = [node("tag", tagsChange={"add": ["seen"], "next": "end"}), END]
    graph = {"triggers": on("test.visit"), "start": "tag", "nodes": nodes}
    workflow = (await app.do(CREATE, input={"name": "New", "graph": graph}))["workflow"]["id"]
    await published(app, workflow)
    await app.do(ACTIVATE, id=workflow, testers=testers)
    now = await app.ask(NOW)
    async with aclosing(app.follow(STEPS, ids=[workflow], after=now["steps"]["cursor"])) as events:
        walked = asyncio.ensure_future(steps_until(events, 2))
        await happens(app, "test.visit", ana, ben)
        assert await walked == [(ana, "tag", "next"), (ana, "end", "done")]
        turned_away = {"entered": 1, "turnedAway": [{"reason": "NOT_A_TESTER", "count": 1}]}
        await app.until(COUNTS, lambda data: turned_away.items() <= data["workflow"]["counts"].items(), id=workflow)
        why = (await app.ask(EXPLAIN, workflow=workflow, contact=ben))["workflowExplain"]
        assert why["reasons"] == ["only members of the test segment may enter, and it is none"]
        await app.do(ACTIVATE, id=workflow, testers=None)
        await happens(app, "test.visit", ben)
        assert await steps_until(events, 2) == [(ben, "tag", "next"), (ben, "end", "done")]


async def test_what_a_business_does_with_workflows(world: World, database: str, redis_url: str) -> None:
    """Three stories at once, as in life; then one in which the worker that moves contacts is killed."""
    try:
        async with asyncio.TaskGroup() as stories:
            stories.create_task(a_buyer_is_kept_in_a_segment_for_a_while_and_taken_out(world.app))
            stories.create_task(
                a_visitor_who_is_no_vip_gets_a_message_unless_a_purchase_comes_first(world.app, world.sandbox)
            )
            stories.create_task(first_testers_enter_and_then_everybody(world.app))
    except* TimeoutError as errors:
        raise AssertionError(await what_is_there()) from errors
    await a_wait_is_shortened_while_a_thousand_wait(world, running_worker(Queue.REALTIME, database, redis_url))
