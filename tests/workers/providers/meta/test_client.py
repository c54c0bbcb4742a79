"""The client says what a refusal means, and what may have been done."""

import aiohttp
import pytest

from models.destinations.audiences.answers import Answer
from sandbox.meta.faults import Command, Fault
from tests.kit.meta import ACCOUNT, a_batch, a_client, a_sandbox
from workers.providers.meta.client import AdAccount, Client
from workers.providers.meta.errors import MetaError, refusal

A, B = "a" * 64, "b" * 64


@pytest.mark.parametrize(
    ("fault", "answer", "is_done"),
    [
        (Fault.LIMITED, Answer.LIMITED, False),
        (Fault.FAULTY, Answer.FAULTY, False),
        (Fault.LOST_ANSWER, Answer.UNKNOWN, True),
        (Fault.CUT, Answer.UNKNOWN, False),
        (Fault.HANGS, Answer.UNKNOWN, False),
        (Fault.BUSY, Answer.BUSY, False),
        (Fault.TOKEN_EXPIRED, Answer.RECONNECT, False),
        (Fault.FORBIDDEN, Answer.STOPPED, False),
        (Fault.TERMS, Answer.STOPPED, False),
        (Fault.ABUSIVE, Answer.STOPPED, False),
        (Fault.TOO_SMALL, Answer.TOO_SMALL, False),
        (Fault.NOT_JSON, Answer.UNKNOWN, False),
    ],
)
async def test_every_refusal_has_a_meaning_and_says_what_to_do(fault, answer, is_done):
    hasty = 1.0 if fault is Fault.HANGS else 20.0
    async with a_sandbox() as server, a_client(server, timeout_seconds=hasty) as client:
        audience = await client.create("Friends", "")
        server.sandbox.faults.set([Command(fault)])
        with pytest.raises(MetaError) as error:
            await client.add(audience, a_batch([[A]]))
        assert error.value.trouble.answer is answer
        assert "sandbox-meta-token" not in str(error.value)
        assert server.sandbox.people(audience, ["EMAIL"]) == ({(A,)} if is_done else set())
        waits = {Fault.LIMITED: 60, Fault.HANGS: hasty}
        assert error.value.trouble.wait_seconds == waits.get(fault)


async def test_an_audience_is_found_by_its_mark_on_any_page():
    async with a_sandbox() as server, a_client(server) as client:
        made = [await client.create(f"Audience {number}", f"Number {number}.") for number in range(45)]
        assert await client.find("Number 44.") == made[44]
        assert await client.find("Number 45.") is None
        await client.delete(made[44])
        assert await client.find("Number 44.") is None
        with pytest.raises(MetaError, match="does not know this audience"):
            await client.read(made[44])
        assert server.sandbox.report()["calls"]["delete"] == 1


async def test_usage_and_refused_values_are_read():
    async with a_sandbox() as server, a_client(server) as client:
        server.sandbox.usage_percent = 91
        server.sandbox.faults.invalid = frozenset({B})
        audience = await client.create("Friends", "")
        received = await client.add(audience, a_batch([[A], [B]]))
        assert (received.invalid, received.samples) == (1, {B})
        assert client.usage.percent == 91


async def test_a_wrong_token_and_a_server_that_is_not_there():
    async with a_sandbox() as server:
        async with a_client(server, AdAccount(ACCOUNT.id, "another")) as client:
            with pytest.raises(MetaError, match="connect the ad account again"):
                await client.account()
        async with a_client(server) as client:
            assert (await client.account())["name"] == "Muster Sandbox"
            await server.go_down()
            with pytest.raises(MetaError) as error:
                await client.account()
            assert error.value.trouble.answer is Answer.UNKNOWN
    async with aiohttp.ClientSession() as session:
        with pytest.raises(MetaError, match="no URL"):
            await Client(session, "nothing", "v26.0", ACCOUNT).account()


@pytest.mark.parametrize("code", [None, "190", -1, 2**40, 4.0, True])
def test_a_code_that_cannot_be_read_needs_a_person(code):
    assert refusal({"code": code, "message": "?"}, 400, 0).trouble.answer in (Answer.STOPPED, Answer.FAULTY)
