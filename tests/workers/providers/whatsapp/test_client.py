"""The client tells what certainly did not happen from what may have happened."""

import contextlib
from collections.abc import Iterator

import pytest

from models.messaging.placeholders import placeholders_of
from models.messaging.policy import Answer
from sandbox.whatsapp.faults import Command, Fault
from tests.kit.whatsapp import ACCOUNT, a_client, a_sandbox
from workers.providers.whatsapp.client import Client, WhatsAppAccount
from workers.providers.whatsapp.errors import NotSent, Refused, Unconfirmed
from workers.providers.whatsapp.messages import Template, template_message

GREETING = Template("greeting", "en_US", tuple(placeholders_of([{"type": "BODY", "text": "Hello {{1}}, welcome."}])))


def greeting(to: str, name: str = "Ada") -> bytes:
    return template_message(GREETING, to, [name], "muster:1")


async def test_an_accepted_message_has_an_id():
    async with a_sandbox() as server, a_client(server) as client:
        accepted = await client.send(ACCOUNT, greeting("+34600000001"))
        assert accepted.message_id.startswith("wamid.")
        assert accepted.wa_id == "34600000001"
        assert not accepted.held
        assert server.sandbox.accepted == {"+34600000001": 1}
        assert server.sandbox.references[accepted.message_id] == "muster:1"


@contextlib.contextmanager
def refused(answer: Answer) -> Iterator[None]:
    """What runs inside is refused, with this meaning."""
    with pytest.raises(Refused) as error:
        yield
    assert error.value.answer is answer


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        (Fault.REFUSED, Answer.REFUSED),
        (Fault.SERVER_ERROR, Answer.UNAVAILABLE),
        (Fault.TOO_MUCH, Answer.TOO_FAST),
        (Fault.PAIR_LIMIT, Answer.PAIR_LIMITED),
        (Fault.TOKEN_EXPIRED, Answer.ACCOUNT_STOPPED),
        (Fault.ACCOUNT_LOCKED, Answer.ACCOUNT_STOPPED),
        (Fault.TEMPLATE_PAUSED, Answer.TEMPLATE_STOPPED),
    ],
)
async def test_a_refused_message_was_not_accepted(fault: Fault, answer: Answer):
    async with a_sandbox() as server, a_client(server) as client:
        server.sandbox.faults.set([Command(fault)])
        with refused(answer):
            await client.send(ACCOUNT, greeting("+34600000001"))
        assert not server.sandbox.accepted


async def test_a_wrong_token_or_number_stops_everything():
    async with a_sandbox() as server, a_client(server) as client:
        with refused(Answer.ACCOUNT_STOPPED):
            await client.send(
                WhatsAppAccount(ACCOUNT.number_id, ACCOUNT.business_account_id, "wrong"), greeting("+34600000001")
            )
        with refused(Answer.MISCONFIGURED):
            await client.send(WhatsAppAccount("1", "2", ACCOUNT.token), greeting("+34600000001"))


async def test_a_lost_answer_is_unconfirmed_though_it_was_accepted():
    async with a_sandbox() as server, a_client(server) as client:
        with pytest.raises(Unconfirmed):
            await client.send(ACCOUNT, greeting("+34600099504"))
        assert server.sandbox.accepted == {"+34600099504": 1}


async def test_a_call_that_hangs_is_unconfirmed_after_the_time_out():
    async with a_sandbox() as server, a_client(server, timeout_seconds=0.2) as client:
        with pytest.raises(Unconfirmed):
            await client.send(ACCOUNT, greeting("+34600099408"))
        assert not server.sandbox.accepted


async def test_a_server_that_is_down_got_nothing_and_can_be_called_again():
    async with a_sandbox() as server, a_client(server) as client:
        await client.send(ACCOUNT, greeting("+34600000001"))
        await server.go_down()
        await _or_unconfirmed(client)
        with pytest.raises(NotSent):
            await client.send(ACCOUNT, greeting("+34600000009"))
        await server.come_up()
        await client.send(ACCOUNT, greeting("+34600000002"))
        assert server.sandbox.accepted["+34600000002"] == 1


async def _or_unconfirmed(client: Client) -> None:
    """The first call after a crash may meet the old connection, and is rightly unconfirmed."""
    try:
        await client.send(ACCOUNT, greeting("+34600000009"))
    except (NotSent, Unconfirmed):
        return


async def test_what_cannot_be_stored_in_an_answer_is_replaced():
    async with a_sandbox() as server, a_client(server) as client:
        server.sandbox.templates.append({"id": "9", "name": "odd", "components": [{"text": "a\x00b"}]})
        (odd,) = [template for template in await client.templates(ACCOUNT) if template["name"] == "odd"]
        assert odd["components"] == [{"text": "a\ufffdb"}]


async def test_templates_and_number_are_read_page_by_page():
    async with a_sandbox() as server, a_client(server) as client:
        server.sandbox.templates.extend(
            {
                "id": str(n),
                "name": f"extra_{n}",
                "language": "en",
                "status": "APPROVED",
                "category": "UTILITY",
                "components": [],
            }
            for n in range(60)
        )
        assert len(await client.templates(ACCOUNT)) == len(server.sandbox.templates)
        number = await client.number(ACCOUNT)
        assert number["throughput"] == {"level": "STANDARD"}
        assert await client.numbers_of_account(ACCOUNT) == [ACCOUNT.number_id]


async def test_answers_of_proxies_are_told_apart(aiohttp_answers):
    with pytest.raises(Unconfirmed):
        await (await aiohttp_answers(502, b"<html>bad gateway</html>"))
    with pytest.raises(Unconfirmed):
        await (await aiohttp_answers(200, b"<html>fine</html>"))
    with pytest.raises(Unconfirmed):
        await (await aiohttp_answers(200, b'{"messages": []}'))
    with refused(Answer.MISCONFIGURED):
        await (await aiohttp_answers(404, b"<html>no such page</html>"))
    with refused(Answer.CROWDED):
        await (await aiohttp_answers(429, b"slow down"))


@pytest.fixture
async def aiohttp_answers():
    """Answers of a proxy: gives a call whose answer has this status and body."""
    from aiohttp import web

    from workers.providers.whatsapp.client import open_session

    answer = {"status": 200, "body": b""}

    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=answer["status"], body=answer["body"])

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    session = open_session(2)

    async def make(status: int, body: bytes):
        answer.update(status=status, body=body)
        return Client(session, f"http://127.0.0.1:{runner.addresses[0][1]}", "v26.0").send(
            ACCOUNT, greeting("+34600000001")
        )

    yield make
    await session.close()
    await runner.cleanup()
