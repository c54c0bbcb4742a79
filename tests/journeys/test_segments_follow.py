"""A partner app that mirrors a segment hears of every entry and exit: over HTTP and a WebSocket alone, with real workers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from models import clock
from models.queue.work import Queue
from permissions.principal import Scope
from tests.kit.api import application, bearer_of, serving
from tests.kit.app import App
from tests.kit.workers import running_worker
from tests.kit.workspaces import new_workspace

ERRORS = "userErrors { code field message }"
CREATE = f"mutation ($input: SegmentCreateInput!) {{ segmentCreate(input: $input) {{ segment {{ id }} {ERRORS} }} }}"
EDIT = f"""mutation ($id: ID!, $rule: RuleInput!) {{
    segmentUpdate(id: $id, input: {{ rule: $rule }}) {{ segment {{ id }} {ERRORS} }} }}"""
CONTACT = f"mutation ($input: ContactInput!) {{ contactCreate(input: $input) {{ contact {{ id }} {ERRORS} }} }}"
TAG = f"mutation ($id: ID!, $tag: String!) {{ contactTagsAdd(contactIds: [$id], tags: [$tag]) {{ contacts {{ id }} {ERRORS} }} }}"
FOLLOW = """subscription ($after: ChangeCursor, $segmentIds: [ID!]) { membershipChanges(after: $after, segmentIds: $segmentIds) {
    cursor kind at contactId segment { name } contact { name } } }"""
STATUS = "query ($id: ID!) { segment(id: $id) { status } }"
NOW = "{ membershipChanges { cursor } }"

SILENT = {"field": {"field": "last_interaction_at", "operator": "MORE_THAN_AGO", "value": "P30D"}}
BOTOX = {"tags": {"operator": "HAS_ANY", "tags": ["botox"]}}


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


async def test_a_partner_hears_of_an_entry_that_only_time_brought_about_and_misses_nothing_while_it_is_away(app):
    segment = (
        await app.do(CREATE, input={"name": "Botox, silent", "kind": "DYNAMIC", "rule": {"all": [BOTOX, SILENT]}})
    )["segment"]["id"]
    await app.until(STATUS, lambda data: data["segment"]["status"] == "READY", id=segment)
    start = (await app.ask(NOW))["membershipChanges"]["cursor"]

    async with aclosing(app.follow(FOLLOW, segmentIds=[segment], after=start)) as events:
        coming = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.5)
        crosses_at = clock.now() + timedelta(seconds=3)
        ana = await _contact(app, "Ana", lastInteractionAt=(crosses_at - timedelta(days=30)).isoformat())
        await app.do(TAG, id=ana, tag="Botox")
        entry = (await asyncio.wait_for(coming, 60))["membershipChanges"]
        assert (entry["kind"], entry["contactId"], entry["contact"]) == ("ENTERED", ana, {"name": "Ana"})
        assert timedelta(0) <= clock.now() - crosses_at < timedelta(seconds=5)

        ben = await _contact(app, "Ben", tags=["vip"], lastInteractionAt=(clock.now() - timedelta(days=90)).isoformat())
        await app.do(EDIT, id=segment, rule={"all": [{"not": BOTOX}, SILENT]})
        difference = {await _next(events), await _next(events)}
        assert difference == {("LEFT", ana), ("ENTERED", ben)}

    cid = await _contact(app, "Cid", lastInteractionAt=(clock.now() - timedelta(days=31)).isoformat())
    async with aclosing(app.follow(FOLLOW, segmentIds=[segment], after=entry["cursor"])) as events:
        missed = [await _next(events) for _ in range(3)]
        assert missed[2] == ("ENTERED", cid)
        assert set(missed[:2]) == difference
    async with aclosing(app.follow(FOLLOW, after=start)) as events:
        assert [await _next(events) for _ in range(4)] == [("ENTERED", ana), *missed]


async def _contact(app: App, name: str, **values: Any) -> str:
    contact: str = (await app.do(CONTACT, input={"name": name, **values}))["contact"]["id"]
    return contact


async def _next(events: AsyncIterator[Any]) -> tuple[str, str]:
    change = (await asyncio.wait_for(anext(events), 60))["membershipChanges"]
    return change["kind"], change["contactId"]
