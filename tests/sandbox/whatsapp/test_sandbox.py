import asyncio

import aiohttp
import orjson
import pytest
from aiohttp import web

from sandbox.whatsapp.checks import ApiError
from sandbox.whatsapp.limits import PairLimit, Throughput, busiest_second
from sandbox.whatsapp.provider import NUMBER_ID, SECRET, TOKEN, Sandbox
from sandbox.whatsapp.webhooks import WebhookOptions
from tests.kit.whatsapp import a_sandbox
from workers.providers.whatsapp.webhook import SIGNATURE_HEADER, is_signed


def message(to: str = "+34600000001", name: str = "greeting", parameters: list | None = None, **more) -> dict:
    texts = [{"type": "text", "text": "Ada"}] if parameters is None else parameters
    components = [{"type": "body", "parameters": texts}] if texts else []
    template = {"name": name, "language": {"code": "en_US"}, "components": components}
    return {"messaging_product": "whatsapp", "to": to, "type": "template", "template": template, **more}


def code_of(sandbox: Sandbox, sent: dict, token: str | None = TOKEN) -> int:
    with pytest.raises(ApiError) as caught:
        sandbox.send(NUMBER_ID, token, sent)
    return caught.value.code


def test_throughput_holds_in_any_window_of_one_second():
    window = Throughput(2)
    assert [window.admit(at) for at in (0.0, 0.5, 0.9, 1.0, 1.4, 1.5)] == [True, True, False, True, False, True]


def test_a_recipient_gets_a_burst_of_45_and_then_one_in_six_seconds():
    pair = PairLimit()
    assert [pair.admit("+1", 0.0) for _ in range(46)].count(True) == 45
    assert not pair.admit("+1", 5.9)
    assert pair.admit("+1", 6.1)
    assert pair.admit("+2", 0.0)


def test_the_busiest_second_is_counted_over_all_windows():
    assert busiest_second([0.0, 0.5, 0.99, 1.0, 1.6]) == 3


def test_it_checks_token_template_and_parameters():
    sandbox = Sandbox()
    assert code_of(sandbox, message(), token="wrong") == 190
    assert code_of(sandbox, message(name="nothing")) == 132001
    assert code_of(sandbox, message(name="winter_sale")) == 132015
    assert code_of(sandbox, message(parameters=[])) == 132000
    assert code_of(sandbox, message(parameters=[{"type": "text", "text": "a\nb"}])) == 132018
    assert code_of(sandbox, message(parameters=[{"type": "text", "text": "a     b"}])) == 132018
    assert code_of(sandbox, message(parameters=[{"type": "image", "image": {}}])) == 132012
    assert code_of(sandbox, message(to="34600000001")) == 131009
    assert code_of(sandbox, {**message(), "type": "text"}) == 131047
    assert code_of(sandbox, message(biz_opaque_callback_data="x" * 513)) == 100
    assert not sandbox.accepted


def test_it_refuses_messages_beyond_the_throughput():
    sandbox = Sandbox()
    sandbox.add_number(per_second=3)
    for n in range(3):
        sandbox.send(NUMBER_ID, TOKEN, message(f"+3460000001{n}"))
    assert code_of(sandbox, message("+34600000019")) == 130429
    assert sandbox.report()["accepted"] == 3


async def test_it_sends_signed_statuses_of_accepted_messages():
    statuses: list[dict] = []

    async def receive(request: web.Request) -> web.Response:
        body = await request.read()
        assert is_signed(SECRET, body, request.headers.get(SIGNATURE_HEADER))
        statuses.extend(orjson.loads(body)["entry"][0]["changes"][0]["value"]["statuses"])
        return web.Response()

    app = web.Application()
    app.router.add_post("/", receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    webhook_options = WebhookOptions(sent_seconds=0, delivered_seconds=0.05, read_seconds=0.1, read_share=1)
    async with a_sandbox(url, webhook_options) as server:
        server.sandbox.send(NUMBER_ID, TOKEN, message(biz_opaque_callback_data="muster:5"))
        server.sandbox.send(NUMBER_ID, TOKEN, message("+34600099026"))
        while len(statuses) < 4:
            await asyncio.sleep(0.01)
    await runner.cleanup()
    mine = [status["status"] for status in statuses if status.get("biz_opaque_callback_data") == "muster:5"]
    assert mine == ["sent", "delivered", "read"]
    (failed,) = [status for status in statuses if status["status"] == "failed"]
    assert failed["errors"][0]["code"] == 131026
    assert "contacts" not in failed


def messages(bodies: list[bytes]) -> list[dict]:
    """The inbound messages of these webhooks, by id."""
    changes = [change for body in bodies if body[:1] == b"{" for change in orjson.loads(body)["entry"][0]["changes"]]
    return sorted((one for change in changes for one in change["value"]["messages"]), key=lambda one: one["id"])


async def test_it_sends_inbound_messages_of_any_type_and_any_body():
    bodies: list[bytes] = []

    async def receive(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        assert is_signed(SECRET, bodies[-1], request.headers.get(SIGNATURE_HEADER))
        return web.Response()

    app = web.Application()
    app.router.add_post("/", receive)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with a_sandbox(f"http://127.0.0.1:{runner.addresses[0][1]}/") as server, aiohttp.ClientSession() as session:
        for name, given in (
            ("receive", {"user_id": "ES.1", "type": "text", "content": {"body": "STOP"}}),
            ("change_number", {"phone": "+34600", "new_phone": "+34601"}),
            ("webhook", {"body": "[\\ud83d"}),
        ):
            async with session.post(f"{server.control_url}/{name}", json=given) as response:
                assert response.status == 200
        while len(messages(bodies)) < 2 or rb"[\ud83d" not in bodies:
            await asyncio.sleep(0.01)
    await runner.cleanup()
    assert [(one.get("from"), one.get("from_user_id"), one["type"]) for one in messages(bodies)] == [
        (None, "ES.1", "text"),
        ("34600", None, "system"),
    ]
    assert messages(bodies)[1]["system"]["new_wa_id"] == "34601"


async def test_it_takes_commands():
    async with a_sandbox() as server, aiohttp.ClientSession() as session:

        async def command(name: str, **arguments) -> int:
            async with session.post(f"{server.control_url}/{name}", json=arguments) as response:
                return response.status

        assert await command("faults", faults=[{"fault": "account_locked", "times": 1}]) == 200
        assert code_of(server.sandbox, message()) == 131031
        assert await command("number", per_second=1000) == 200
        assert await command("webhooks", doubled=True, batch=3) == 200
        assert server.sandbox.webhooks.options.doubled
        assert await command("webhooks", nonsense=True) == 400
        assert await command("nonsense") == 404
        server.sandbox.send(NUMBER_ID, TOKEN, message())
        async with session.get(server.control_url) as response:
            assert (await response.json())["accepted"] == 1
