"""Webhooks are believed on their signature alone, kept before they are answered, and told to nobody else's workspace."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from models import db
from models.messaging import channels
from models.queue import inbox
from permissions.principal import Scope
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID, SECRET, VERIFY_TOKEN
from tests.kit.api import Response, application, send, started
from tests.kit.broadcasts import a_sender
from workers.providers.whatsapp.webhook import signature

PATH = "/webhooks/whatsapp"


def body(number_id: str = NUMBER_ID, account_id: str = BUSINESS_ACCOUNT_ID, **value: Any) -> bytes:
    change = {"field": "messages", "value": {"metadata": {"phone_number_id": number_id}, **value}}
    return orjson.dumps({"object": "whatsapp_business_account", "entry": [{"id": account_id, "changes": [change]}]})


@pytest.fixture
async def scope(database: str) -> Scope:
    return await a_sender()


@pytest.fixture
async def app(scope: Scope) -> AsyncIterator[Any]:
    async with started(application()) as running:
        yield running


async def post(app: Any, raw: bytes, header: str | None = None) -> Response:
    headers = {"x_hub_signature_256": header if header is not None else signature(SECRET, raw)}
    return await send(app, "POST", PATH, raw, content_type="application/json", **headers)


async def kept() -> list[bytes]:
    return [row["body"] for row in await db.fetch("SELECT body FROM webhook_inbox ORDER BY id")]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token={VERIFY_TOKEN}", 200),
        ("hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=wrong", 403),
        (f"hub.mode=unsubscribe&hub.challenge=1158201444&hub.verify_token={VERIFY_TOKEN}", 403),
        (f"hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN}", 403),
        ("", 403),
    ],
)
async def test_the_handshake_gives_the_challenge_back_to_who_knows_the_token(app: Any, query: str, status: int):
    answer = await send(app, "GET", PATH, query=query)
    assert answer.status == status
    assert (answer.body == b"1158201444") is (status == 200)


async def test_a_genuine_webhook_is_kept_as_it_came_before_it_is_answered(app: Any):
    raw = body(statuses=[{"id": "wamid.ä"}]).replace("ä".encode(), b"\\u00e4")
    assert (await post(app, raw)).status == 200
    assert await kept() == [raw]


@pytest.mark.parametrize("header", ["", "sha256=", "sha256=" + "0" * 64, "sha1=abc"])
async def test_a_forged_one_is_refused_and_nothing_is_kept(app: Any, header: str):
    assert (await post(app, body(), header)).status == 401
    assert (await send(app, "POST", PATH, body())).status == 401
    assert await kept() == []


async def test_a_signature_of_other_bytes_is_forged(app: Any):
    assert (await post(app, body() + b" ", signature(SECRET, body()))).status == 401


async def test_one_about_a_number_that_nobody_has_is_answered_and_forgotten(app: Any):
    assert (await post(app, body(number_id="42", account_id="43"), "sha256=whatever")).status == 200
    assert await kept() == []


@pytest.mark.parametrize("raw", [b"", b"nonsense", b"[]", b'{"entry": 1}'])
async def test_what_is_no_webhook_is_refused(app: Any, raw: bytes):
    assert (await post(app, raw)).status == 400


async def test_one_that_is_larger_than_any_webhook_is_refused(app: Any):
    assert (await post(app, b"x" * (3 * 1024 * 1024 + 1))).status == 413


async def test_it_is_kept_only_for_the_workspaces_whose_secret_signed_it(app: Any, scope: Scope):
    """Somebody who holds one workspace's secret cannot speak to another one's contacts."""
    from tests.kit.workspaces import new_workspace

    other = await new_workspace("Other")
    theirs = channels.Connection("777", "778", "their token", "their secret", "their verify token")
    await channels.connect(other, theirs)
    mine, both = orjson.loads(body()), orjson.loads(body(number_id="777", account_id="778"))
    mine["entry"] += both["entry"]
    raw = orjson.dumps(mine)
    assert (await post(app, raw, signature("their secret", raw))).status == 200
    rows = await db.fetch("SELECT workspace_id FROM webhook_inbox")
    assert [row["workspace_id"] for row in rows] == [other.workspace_id]


async def test_many_at_once_are_all_kept(app: Any):
    answers = await asyncio.gather(*(post(app, body(statuses=[{"id": f"w{n}"}])) for n in range(60)))
    assert {answer.status for answer in answers} == {200}
    assert len(await kept()) == 60


async def test_when_they_cannot_be_kept_they_are_asked_for_again(app: Any, monkeypatch: pytest.MonkeyPatch):
    async def fails(_: Any) -> None:
        raise OSError("the database is away")

    monkeypatch.setattr(inbox, "put", fails)
    assert (await post(app, body())).status == 503
    monkeypatch.undo()
    assert (await post(app, body())).status == 200
    assert len(await kept()) == 1


async def test_a_channel_that_was_disconnected_is_believed_no_longer(
    app: Any, scope: Scope, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("schema.messaging.webhook_route.REMEMBER_SECONDS", -1.0)
    assert (await post(app, body())).status == 200
    await channels.disconnect(scope)
    assert (await post(app, body())).status == 200
    assert len(await kept()) == 1
