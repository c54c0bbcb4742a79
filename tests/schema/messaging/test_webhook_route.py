"""Webhooks are checked by their signature, stored before they are answered, and only for the workspaces that signed."""

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


async def stored() -> list[bytes]:
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
async def test_the_challenge_is_returned_when_the_token_is_right(app: Any, query: str, status: int):
    answer = await send(app, "GET", PATH, query=query)
    assert answer.status == status
    assert (answer.body == b"1158201444") is (status == 200)


async def test_a_signed_webhook_is_stored_unchanged_before_it_is_answered(app: Any):
    raw = body(statuses=[{"id": "wamid.ä"}]).replace("ä".encode(), b"\\u00e4")
    assert (await post(app, raw)).status == 200
    assert await stored() == [raw]


@pytest.mark.parametrize("header", ["", "sha256=", "sha256=" + "0" * 64, "sha1=abc"])
async def test_a_webhook_without_a_valid_signature_is_refused(app: Any, header: str):
    assert (await post(app, body(), header)).status == 401
    assert (await send(app, "POST", PATH, body())).status == 401
    assert await stored() == []


async def test_a_signature_of_other_bytes_is_refused(app: Any):
    assert (await post(app, body() + b" ", signature(SECRET, body()))).status == 401


async def test_a_webhook_of_an_unknown_number_is_answered_and_not_stored(app: Any):
    assert (await post(app, body(number_id="42", account_id="43"), "sha256=whatever")).status == 200
    assert await stored() == []


@pytest.mark.parametrize("raw", [b"", b"nonsense", b"[]", b'{"entry": 1}'])
async def test_a_body_that_is_no_webhook_is_refused(app: Any, raw: bytes):
    assert (await post(app, raw)).status == 400


@pytest.mark.parametrize("odd", [rb"\u0000", rb"\ud83d", b"\xff", b"\x00"])
async def test_a_character_that_cannot_be_stored_is_no_reason_to_refuse_a_webhook(app: Any, odd: bytes):
    raw = body(messages=[{"text": {"body": "x?y"}}]).replace(b"?", odd)
    assert (await post(app, raw)).status == 200
    assert await stored() == [raw]


async def test_a_signed_body_that_nobody_can_read_is_kept_and_not_sent_again(app: Any):
    for raw in (body()[:-3], orjson.dumps({"entry": {"id": BUSINESS_ACCOUNT_ID}})):
        assert (await post(app, raw)).status == 200
        assert (await stored())[-1] == raw
        assert (await post(app, raw, "sha256=" + "0" * 64)).status == 400
    assert len(await stored()) == 2


async def test_a_body_of_more_than_3_mib_is_refused(app: Any):
    assert (await post(app, b"x" * (3 * 1024 * 1024 + 1))).status == 413


async def test_a_webhook_is_stored_only_for_the_workspace_whose_secret_signed_it(app: Any, scope: Scope):
    """The secret of one workspace does not allow webhooks for another."""
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


async def test_concurrent_webhooks_are_all_stored(app: Any):
    answers = await asyncio.gather(*(post(app, body(statuses=[{"id": f"w{n}"}])) for n in range(60)))
    assert {answer.status for answer in answers} == {200}
    assert len(await stored()) == 60


async def test_a_webhook_that_cannot_be_stored_is_answered_with_503(app: Any, monkeypatch: pytest.MonkeyPatch):
    async def fails(_: Any) -> None:
        raise OSError("the database is away")

    monkeypatch.setattr(inbox, "put", fails)
    assert (await post(app, body())).status == 503
    monkeypatch.undo()
    assert (await post(app, body())).status == 200
    assert len(await stored()) == 1


async def test_webhooks_of_a_disconnected_channel_are_not_stored(
    app: Any, scope: Scope, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("schema.messaging.webhook_route.REMEMBER_SECONDS", -1.0)
    assert (await post(app, body())).status == 200
    await channels.disconnect(scope)
    assert (await post(app, body())).status == 200
    assert len(await stored()) == 1
