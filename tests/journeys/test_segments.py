"""A segment's life as an app sees it: over HTTP alone, with workers that really run."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from models.queue.work import Queue
from permissions.principal import Scope
from tests.kit.api import application, bearer_of, serving
from tests.kit.app import App
from tests.kit.segments import many_contacts
from tests.kit.workers import running_worker
from tests.kit.workspaces import new_workspace

ERRORS = "userErrors { code field message }"


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
async def app(database: str, redis_url: str, scope: Scope) -> AsyncIterator[App]:
    headers = {"Authorization": f"Bearer {await bearer_of(scope)}"}
    async with (
        running_worker(Queue.REALTIME, database, redis_url),
        running_worker(Queue.BULK, database, redis_url),
        serving(application(redis_url=redis_url)) as address,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        yield App(session, address)


def tagged(tag: str) -> dict[str, Any]:
    return {"tags": {"operator": "HAS_ANY", "tags": [tag]}}


CONTACT = f"mutation ($input: ContactInput!) {{ contactCreate(input: $input) {{ contact {{ id }} {ERRORS} }} }}"
CREATE = (
    f"mutation ($input: SegmentCreateInput!) {{ segmentCreate(input: $input) {{ segment {{ id version }} {ERRORS} }} }}"
)
UPDATE = f"""mutation ($id: ID!, $input: SegmentUpdateInput!) {{ segmentUpdate(id: $id, input: $input) {{
    segment {{ status version }} {ERRORS} }} }}"""
SEGMENT = """query ($id: ID!) { segment(id: $id) {
    name status memberCount computedAt useCount members { nodes { id } totalCount }
    analytics(from: "2026-01-01T00:00:00Z", to: "2999-01-01T00:00:00Z", interval: MONTH) {
        entered left points { members } } } }"""


def is_ready_with(members: int):
    return lambda data: (data["segment"]["status"], data["segment"]["memberCount"]) == ("READY", members)


async def test_from_its_creation_to_its_restoration(app):
    vip, silver = [(await app.do(CONTACT, input={"tags": [tag]}))["contact"]["id"] for tag in ("vip", "silver")]
    made = (await app.do(CREATE, input={"name": "VIPs", "kind": "DYNAMIC", "rule": tagged("VIP")}))["segment"]
    segment = (await app.until(SEGMENT, is_ready_with(1), id=made["id"]))["segment"]
    assert [member["id"] for member in segment["members"]["nodes"]] == [vip]

    edited = (await app.do(UPDATE, id=made["id"], input={"rule": {"not": tagged("vip")}, "version": made["version"]}))[
        "segment"
    ]
    assert edited == {"status": "BUILDING", "version": 2}

    def swapped(data):
        return is_ready_with(1)(data) and data["segment"]["members"]["nodes"] == [{"id": silver}]

    segment = (await app.until(SEGMENT, swapped, id=made["id"]))["segment"]
    assert (segment["analytics"]["entered"], segment["analytics"]["left"]) == (2, 1)
    assert segment["analytics"]["points"][-1]["members"] == 1

    recompute = f"mutation ($id: ID!) {{ segmentRecompute(id: $id) {{ job {{ id }} {ERRORS} }} }}"
    job = (await app.do(recompute, id=made["id"]))["job"]
    watch = "subscription ($id: ID!) { jobProgress(id: $id) { __typename status } }"
    seen = [event["jobProgress"] async for event in app.follow(watch, id=job["id"])]
    assert seen[-1] == {"__typename": "RecomputeJob", "status": "SUCCEEDED"}

    nested = {"name": "On it", "kind": "DYNAMIC", "rule": {"segment": {"segmentId": made["id"]}}}
    dependent = (await app.do(CREATE, input=nested))["segment"]
    await app.until(SEGMENT, is_ready_with(1), id=dependent["id"])
    delete = f"mutation ($id: ID!, $force: Boolean) {{ segmentDelete(id: $id, force: $force) {{ {ERRORS} }} }}"
    (refused,) = (await app.ask(delete, id=made["id"])).values()
    assert [error["code"] for error in refused["userErrors"]] == ["IN_USE"]
    await app.do(delete, id=made["id"], force=True)
    await app.until(SEGMENT, is_ready_with(0), id=dependent["id"])
    await app.do(f"mutation ($id: ID!) {{ segmentRestore(id: $id) {{ {ERRORS} }} }}", id=made["id"])
    await app.until(SEGMENT, is_ready_with(1), id=made["id"])
    await app.until(SEGMENT, is_ready_with(1), id=dependent["id"])


async def test_a_large_segment_is_filled_by_a_job_that_is_followed_to_its_end_deleted_and_restored(app, scope):
    await many_contacts(scope, 12_000)
    made = (await app.do(CREATE, input={"name": "Everybody", "kind": "STATIC"}))["segment"]
    add = f"""mutation ($id: ID!, $contacts: ContactSelection!) {{
        segmentContactsAdd(segmentId: $id, contacts: $contacts) {{ changed job {{ id }} {ERRORS} }} }}"""
    job = (await app.do(add, id=made["id"], contacts={"search": "contact"}))["job"]
    watch = "subscription ($id: ID!) { jobProgress(id: $id) { status done total } }"
    seen = [event["jobProgress"] async for event in app.follow(watch, id=job["id"])]
    assert seen[-1] == {"status": "SUCCEEDED", "done": 12_000, "total": 12_000}
    assert [event["done"] for event in seen] == sorted(event["done"] for event in seen)
    assert (await app.ask(SEGMENT, id=made["id"]))["segment"]["memberCount"] == 12_000

    await app.do(f"mutation ($id: ID!) {{ segmentDelete(id: $id) {{ deletedId {ERRORS} }} }}", id=made["id"])
    assert (await app.ask(SEGMENT, id=made["id"]))["segment"] is None
    restore = f"mutation ($id: ID!) {{ segmentRestore(id: $id) {{ segment {{ status deletedAt }} {ERRORS} }} }}"
    await app.do(restore, id=made["id"])
    back = (await app.until(SEGMENT, lambda data: data["segment"] is not None, id=made["id"]))["segment"]
    assert (back["status"], back["memberCount"]) == ("READY", 12_000)
    told = back["analytics"]
    assert (told["entered"] - told["left"], 5_000 <= told["left"] <= 12_000) == (12_000, True)
