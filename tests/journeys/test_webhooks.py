"""A partner's day, with the receivers of docs/webhooks.md: changes come in order, it is away and catches up, and gets a range
once more."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from models.accounts import secrets
from models.destinations.webhooks import urls
from models.queue.work import Queue
from tests.kit.api import application, bearer_of, serving
from tests.kit.app import App
from tests.kit.broadcasts import SECRET_KEY
from tests.kit.clients import NODE, install_node_packages
from tests.kit.workers import running_worker
from tests.kit.workspaces import new_workspace

pytestmark = pytest.mark.slow

PAGE: Final = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()

SETUP: Final = f"""
from models.accounts import secrets
from models.destinations.webhooks import urls
secrets.use_keys([{SECRET_KEY!r}])
urls.allow_local(True)
"""

RECEIVERS: Final = {"python": (sys.executable, "receiver.py"), "javascript": ("node", "receiver.mjs")}


class PartnersApp:
    """A receiver of the page, as a process that can be stopped and started. `lines`: what it printed."""

    def __init__(self, language: str, folder: Path, port: int) -> None:
        (code,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
        program, name = RECEIVERS[language]
        folder = NODE / "node_modules" / ".cache" if language == "javascript" else folder
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / name
        self.file.write_text(code)
        self.program = program
        self.port = port
        self.lines: list[list[str]] = []
        self.process: asyncio.subprocess.Process | None = None

    async def start(self, secret: str) -> None:
        environment = {**os.environ, "SECRET": secret, "PORT": str(self.port)}
        self.process = await asyncio.create_subprocess_exec(
            self.program,
            str(self.file),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        self.reading = asyncio.create_task(self._read(self.process))
        for _ in range(200):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return
        raise AssertionError("the receiver does not listen")

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self.lines.append(line.decode().split())

    async def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            await self.process.wait()
            await self.reading
            self.process = None

    async def heard(self, count: int) -> list[list[str]]:
        """The lines, when there are so many."""
        until = asyncio.get_running_loop().time() + 90
        while len(self.lines) < count:
            assert asyncio.get_running_loop().time() < until, self.lines
            await asyncio.sleep(0.02)
        return self.lines


@pytest.fixture
async def app(database: str, redis_url: str) -> AsyncIterator[App]:
    secrets.use_keys([SECRET_KEY])
    urls.allow_local(True)
    bearer = await bearer_of(await new_workspace())
    async with (
        serving(application(redis_url=redis_url)) as address,
        aiohttp.ClientSession(headers={"authorization": f"Bearer {bearer}"}) as session,
        running_worker(Queue.WEBHOOK, database, redis_url, SETUP),
    ):
        yield App(session, address)


CREATE = """mutation($url: String!) {
    webhookEndpointCreate(input: {url: $url, eventTypes: ["membership.changes"]}) {
        webhookEndpoint { id status cursor } secret userErrors { message field } } }"""
ENDPOINT = """query($id: ID!) { webhookEndpoint(id: $id) { status reason pendingEvents lagSeconds cursor
    deliveries(first: 50) { nodes { id eventType events succeeded replay payload attempts { status } } } } }"""
RESUME = "mutation($id: ID!) { webhookEndpointResume(id: $id) { userErrors { message } } }"
REPLAY = """mutation($id: ID!, $after: ChangeCursor!) { webhookReplay(id: $id, after: $after) {
    webhookEndpoint { id } userErrors { message } } }"""
ADD = """mutation($id: ID!, $ids: [ID!]!) { segmentContactsAdd(segmentId: $id, contacts: {ids: $ids}) {
    changed userErrors { message } } }"""
SEGMENT = (
    """mutation { segmentCreate(input: {name: "Members", kind: STATIC}) { segment { id } userErrors { message } } }"""
)
CONTACT = "mutation($name: String!) { contactCreate(input: {name: $name}) { contact { id } userErrors { message } } }"


@pytest.mark.parametrize("language", RECEIVERS)
async def test_a_partner_hears_everything_in_order_also_after_a_while_away(
    app: App, language: str, tmp_path: Path, unused_tcp_port: int
) -> None:
    if language == "javascript":
        install_node_packages()
    segment = (await app.do(SEGMENT))["segment"]["id"]
    people = [(await app.do(CONTACT, name=f"P{number}"))["contact"]["id"] for number in range(9)]
    partner = PartnersApp(language, tmp_path, unused_tcp_port)
    try:
        made = await app.do(CREATE, url=f"http://127.0.0.1:{unused_tcp_port}/hooks")
        endpoint = made["webhookEndpoint"]
        assert endpoint["status"] == "CHECKING"
        await partner.start(made["secret"])
        await app.do(RESUME, id=endpoint["id"])
        await app.until(ENDPOINT, lambda data: data["webhookEndpoint"]["status"] == "ACTIVE", id=endpoint["id"])
        for contact in people[:4]:
            await app.do(ADD, id=segment, ids=[contact])
        expected = [["ENTERED", contact, segment] for contact in people]
        assert await partner.heard(4) == expected[:4]
        await app.until(ENDPOINT, has_nothing_pending, id=endpoint["id"])  # its answer was seen, too
        await partner.stop()
        for contact in people[4:]:
            await app.do(ADD, id=segment, ids=[contact])
        away = (await app.until(ENDPOINT, is_backing_off, id=endpoint["id"]))["webhookEndpoint"]
        assert away["pendingEvents"] == 5
        assert away["lagSeconds"] > 0
        await partner.start(made["secret"])
        await app.do(RESUME, id=endpoint["id"])
        assert await partner.heard(9) == expected
        await app.do(REPLAY, id=endpoint["id"], after=endpoint["cursor"])
        assert await partner.heard(18) == expected * 2
        caught_up = (await app.until(ENDPOINT, has_nothing_pending, id=endpoint["id"]))["webhookEndpoint"]
        check_deliveries(caught_up["deliveries"]["nodes"])
    finally:
        await partner.stop()


def is_backing_off(data: Any) -> bool:
    return bool(data["webhookEndpoint"]["status"] == "BACKING_OFF" and data["webhookEndpoint"]["pendingEvents"] == 5)


def has_nothing_pending(data: Any) -> bool:
    endpoint = data["webhookEndpoint"]
    return endpoint["pendingEvents"] == 0 and all(one["succeeded"] for one in endpoint["deliveries"]["nodes"])


def check_deliveries(nodes: list[Any]) -> None:
    assert {one["eventType"] for one in nodes} == {"ping", "membership.changes"}
    assert sum(one["events"] for one in nodes if one["eventType"] != "ping") == 18
    assert sum(one["events"] for one in nodes if one["replay"]) == 9
    for one in nodes:
        assert one["attempts"][-1]["status"] == 200
        assert one["payload"]["type"] == one["eventType"]
        assert len(one["payload"]["data"].get("changes", ["ping"])) == one["events"]
