"""What a client no longer waits for is stopped, in PostgreSQL too; what writes is finished."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import asyncpg
import pytest

from models import db
from permissions.principal import Scope
from schema.server.abandonment import WhileWanted
from schema.server.operations import Line
from schema.server.refusals import Abandoned
from tests.kit.api import application, bearer_of, serving
from tests.kit.cluster import workers
from tests.kit.workspaces import new_workspace

PREVIEW = """{ segmentPreview(ruleQuery: "score > 5") { count conditions { count } } }"""
CREATE = """mutation { contactCreate(input: {email: "a@x.org"}) { contact { id } userErrors { message } } }"""

WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND wait_event_type = 'Lock'
"""


async def outcome(timer: WhileWanted, gone: asyncio.Event, seconds: float) -> str:
    try:
        with timer.block(gone.wait):
            await asyncio.sleep(seconds)
    except Abandoned:
        return "abandoned"
    return "done"


async def test_work_ends_with_its_client_and_not_with_another() -> None:
    timer, gone, there = WhileWanted(0.01), asyncio.Event(), asyncio.Event()
    others = asyncio.all_tasks()  # a server of a test before may still be closing its connections
    abandoned = [asyncio.create_task(outcome(timer, gone, 5)) for _ in range(3)]
    wanted = asyncio.create_task(outcome(timer, there, 0.1))
    short = asyncio.create_task(outcome(timer, gone, 0))
    await asyncio.sleep(0.03)
    assert await short == "done"
    gone.set()
    assert [await task for task in abandoned] == ["abandoned"] * 3
    assert await wanted == "done"
    assert not timer.running
    assert asyncio.all_tasks() <= others, "nobody watches any more"


async def test_a_cancellation_from_elsewhere_is_no_abandonment() -> None:
    timer = WhileWanted(0.01)
    task = asyncio.create_task(outcome(timer, asyncio.Event(), 5))
    await asyncio.sleep(0.03)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@asynccontextmanager
async def nobody_reads_contacts(database: str) -> AsyncIterator[None]:
    connection = await asyncpg.connect(database)
    try:
        async with connection.transaction():
            await connection.execute("LOCK TABLE contacts IN ACCESS EXCLUSIVE MODE")
            yield
    finally:
        await connection.close()


async def until(waiting: int) -> None:
    async with asyncio.timeout(5):
        while await statements_waiting() != waiting:
            await asyncio.sleep(0.01)


async def statements_waiting() -> int:
    """On all nodes of a cluster: a query may be at one, past the coordinator."""
    if not workers():
        return int(await db.fetch_value(WAITING))
    return int(await db.fetch_value("SELECT sum(result::int) FROM run_command_on_all_nodes($1)", WAITING))


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.mark.parametrize("method", ["post", "get"])
async def test_a_statement_ends_when_its_client_hangs_up(database: str, scope: Scope, method: str) -> None:
    lines: list[Line] = []
    headers = {"authorization": f"Bearer {await bearer_of(scope)}"}
    asked: dict[str, Any] = {"json" if method == "post" else "params": {"query": PREVIEW}}
    async with (
        serving(application(write_line=lines.append)) as address,
        aiohttp.ClientSession(headers=headers) as client,
    ):
        async with nobody_reads_contacts(database):
            previews = [
                asyncio.ensure_future(client.request(method, f"http://{address}/graphql", **asked)) for _ in "ab"
            ]
            await until(2)
            previews[0].cancel()
            await until(1)  # the other one goes on
        async with await previews[1] as response:
            answer = await response.json()
            assert answer["data"]["segmentPreview"] == {"count": 0, "conditions": [{"count": 0}]}
    assert sorted(line["code"] for line in lines) == ["ABANDONED", "OK"]


async def test_a_mutation_is_finished_without_its_client(database: str, scope: Scope) -> None:
    headers = {"authorization": f"Bearer {await bearer_of(scope)}"}
    async with serving(application()) as address, aiohttp.ClientSession(headers=headers) as client:
        async with nobody_reads_contacts(database):
            create = asyncio.ensure_future(client.post(f"http://{address}/graphql", json={"query": CREATE}))
            await until(1)
            create.cancel()
            await asyncio.sleep(0.2)
            await until(1)
        async with asyncio.timeout(5):
            while not await db.fetch_value("SELECT count(*) FROM contacts"):
                await asyncio.sleep(0.01)
