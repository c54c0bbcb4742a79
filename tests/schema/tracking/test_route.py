"""The tracking endpoint, over HTTP and with Segment's own libraries."""

import base64
import gzip
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from models import db
from models.tracking import keys
from permissions.principal import Scope
from schema.server.throttle import Rates
from tests.kit.api import Api, application, bearer_of, serving
from tests.kit.clients import install_node_packages, install_segment_client, node, with_segment_client
from tests.kit.workspaces import new_workspace


@pytest.fixture(scope="module")
async def address() -> AsyncIterator[str]:
    async with serving(application()) as server:
        yield server


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


@pytest.fixture
async def key(scope: Scope) -> str:
    return str((await keys.create(scope, "Shop"))["key"])


class Client:
    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self.session, self.address = session, address

    async def post(self, call: str, body: Any, **headers: str) -> tuple[int, Any, Any]:
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.post(f"http://{self.address}/v1/{call}", data=BytesIO(data), headers=given) as answer:
            return answer.status, await answer.json(content_type=None), answer.headers


@pytest.fixture
async def client(address: str) -> AsyncIterator[Client]:
    async with aiohttp.ClientSession() as session:
        yield Client(session, address)


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


async def activities() -> list[tuple[Any, ...]]:
    rows = await db.fetch(
        "SELECT a.kind, c.external_id FROM activities a"
        " JOIN contacts c ON (c.workspace_id, c.id) = (a.workspace_id, a.contact_id) ORDER BY a.id"
    )
    return [tuple(row) for row in rows]


async def test_calls_come_in_every_way_that_libraries_send_them(client: Client, key: str) -> None:
    event = {"event": "Order Completed", "userId": "u1"}
    packed = gzip.compress(orjson.dumps({"batch": [{**event, "type": "track"}]}))
    for answer in (
        await client.post("track", event, authorization=basic(key)),
        await client.post("t", {**event, "writeKey": key}),
        await client.post("track/", {**event, "writeKey": key}, content_type="text/plain"),
        await client.post("batch", packed, authorization=basic(key), content_encoding="gzip"),
        await client.post("b", {"batch": [{**event, "type": "track", "writeKey": key}]}),
        await client.post("page", {"anonymousId": "v", "context": {"page": {"path": "/x"}}}, authorization=basic(key)),
    ):
        assert answer[:2] == (200, {"success": True})
    assert await activities() == [("purchase", "u1")] * 5 + [("page.visit", None)]
    assert await db.fetch_value("SELECT last_used_at IS NOT NULL FROM tracking_keys")


async def test_what_cannot_be_read_is_refused_in_words(client: Client, key: str) -> None:
    auth = basic(key)
    for status, call, body, headers in (
        (401, "track", {"userId": "u1"}, {}),
        (401, "track", {"writeKey": f"{key[:-1]}x"}, {}),
        (401, "track", {"writeKey": ["x"]}, {"authorization": "Basic ###"}),
        (400, "track", b"{", {"authorization": auth}),
        (400, "track", b"[]", {"authorization": auth}),
        (400, "track", b"no gzip", {"authorization": auth, "content_encoding": "gzip"}),
        (413, "track", b" " * 1_100_000, {"authorization": auth}),
        (413, "track", gzip.compress(b" " * 50_000_000), {"authorization": auth, "content_encoding": "gzip"}),
        (415, "track", b"{}", {"authorization": auth, "content_encoding": "br"}),
        (404, "dance", {}, {"authorization": auth}),
    ):
        answer = await client.post(call, body, **headers)
        assert (answer[0], list(answer[1])) == (status, ["error"]), (
            call,
            body[:20] if isinstance(body, bytes) else body,
        )
    async with client.session.get(f"http://{client.address}/v1/track") as answer_to_get:
        assert answer_to_get.status == 405
    assert await activities() == []


async def test_a_key_is_for_its_origins_and_a_preflight_allows_all(client: Client, scope: Scope) -> None:
    key = str((await keys.create(scope, "Shop", ["https://shop.example"]))["key"])
    event = {"event": "X", "userId": "u1", "writeKey": key}
    async with client.session.options(
        f"http://{client.address}/v1/t", headers={"origin": "https://any.example"}
    ) as preflight:
        assert preflight.status == 204
        assert preflight.headers["access-control-allow-origin"] == "https://any.example"
        assert "authorization" in preflight.headers["access-control-allow-headers"]
    status, _, headers = await client.post("t", event, origin="https://shop.example")
    assert (status, headers["access-control-allow-origin"]) == (200, "https://shop.example")
    status, said, _ = await client.post("t", event, origin="https://evil.example")
    assert (status, said) == (403, {"error": "this key is not for pages of this origin"})
    assert (await client.post("t", event))[0] == 200, "a server sends no origin"


async def test_too_many_events_are_told_to_wait(scope: Scope, key: str) -> None:
    async with serving(application(tracking_rates=Rates(10, 1, 1_000))) as server, aiohttp.ClientSession() as session:
        client = Client(session, server)
        calls = [{"type": "track", "event": "X", "userId": "u1"}] * 6
        assert (await client.post("batch", {"writeKey": key, "batch": calls}))[0] == 200
        status, _, headers = await client.post("batch", {"writeKey": key, "batch": calls})
        assert (status, int(headers["retry-after"]) >= 1) == (429, True)


async def test_rejections_are_shown_per_key(client: Client, scope: Scope, key: str) -> None:
    await client.post(
        "batch", {"writeKey": key, "batch": [{"type": "track", "event": "X"}, {"type": "page", "userId": "u"}]}
    )
    asked = "{ trackingKeys { name rejections { code message event count } } }"
    [shown] = (await Api().data(await bearer_of(scope), asked))["trackingKeys"]
    assert shown == {
        "name": "Shop",
        "rejections": [
            {"code": "NOBODY", "message": "A call needs `userId` or `anonymousId`.", "event": "track X", "count": 1}
        ],
    }


async def test_segments_libraries_for_node_and_browsers_work(address: str, key: str) -> None:
    install_node_packages()
    printed = await node("track.mjs", f"http://{address}", key)
    assert [line for line in printed if "error" in line] == []
    rows = await db.fetch("SELECT id, external_id, email, name FROM contacts ORDER BY id")
    people = {row["external_id"]: row for row in rows}
    assert (people["node-user"]["email"], people["node-user"]["name"]) == ("node@example.com", "Nora")
    assert people["browser-user"]["name"] == "Bruno"
    done: dict[str, list[str]] = {}
    for kind, user in await activities():
        done.setdefault(user, []).append(kind)
    assert sorted(done["node-user"]) == ["group.join", "page.visit", "product.visit", "purchase"]
    assert sorted(done["browser-user"]) == ["cart.add", "purchase"]
    assert await db.fetch_value("SELECT count(*) FROM contacts WHERE external_id IS NULL") == 0
    assert await db.fetch_value("SELECT sum(count) FROM tracking_rejections") is None


PYTHON = """
import sys
from segment.analytics import Client
host, key = sys.argv[1:]
client = Client(key, host=host, gzip=True, max_retries=0, on_error=lambda error, items: print("error", error))
client.identify("py-user", {"email": "py@example.com", "address": {"city": "Bonn"}})
client.track("py-user", "Order Completed", {"total": 3})
client.alias("py-visitor", "py-user")
client.shutdown()
"""


async def test_segments_library_for_python_works(address: str, key: str, tmp_path: Path) -> None:
    install_segment_client()
    assert await with_segment_client(tmp_path, PYTHON, f"http://{address}", key) == ""
    assert await activities() == [("purchase", "py-user")]
    aliases = await db.fetch("SELECT kind, value FROM contact_aliases")
    assert [tuple(row) for row in aliases] == [("ANONYMOUS_ID", "py-visitor")]
