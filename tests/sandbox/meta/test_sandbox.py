"""The double enforces what the guide for customer files says."""

import pytest

from models.destinations.audiences.answers import Answer
from sandbox.meta.provider import MOST_AUDIENCES
from sandbox.meta.sessions import LASTS_SECONDS
from tests.kit.meta import a_batch, a_client, a_sandbox
from workers.providers.meta.errors import MetaError

A, B, C = ("a" * 64, "b" * 64, "c" * 64)


async def meaning(call) -> Answer:
    with pytest.raises(MetaError) as error:
        await call
    return error.value.trouble.answer


async def test_people_are_added_and_removed_and_rows_that_cannot_be_read_are_named():
    async with a_sandbox() as server, a_client(server) as client:
        audience = await client.create("Friends", "")
        answer = await client.add(audience, a_batch([[A], [B], ["A" * 64], [""], [C[:63]]]))
        assert (answer.invalid, server.sandbox.people(audience, ["EMAIL"])) == (3, {(A,), (B,)})
        await client.remove(audience, a_batch([[A], [C]], session=2))
        assert server.sandbox.people(audience, ["EMAIL"]) == {(B,)}
        assert (await client.read(audience))["delivery_status"]["code"] == 300


async def test_a_session_has_one_schema_an_order_an_end_and_90_minutes():
    async with a_sandbox() as server, a_client(server) as client:
        audience = await client.create("Friends", "")
        assert await meaning(client.add(audience, a_batch([[A]], number=2))) is Answer.STOPPED
        await client.add(audience, a_batch([[A]], last=False))
        assert await meaning(client.add(audience, a_batch([[A]], number=3))) is Answer.STOPPED
        assert await meaning(client.add(audience, a_batch([[A]], number=2, schema=["PHONE"]))) is Answer.STOPPED
        assert await meaning(client.remove(audience, a_batch([[A]], number=2))) is Answer.STOPPED
        await client.add(audience, a_batch([[B]], number=2))
        assert await meaning(client.add(audience, a_batch([[C]], number=3))) is Answer.SESSION_OVER
        await client.add(audience, a_batch([[A]], session=2, last=False))
        server.sandbox.sessions.skipped_seconds += LASTS_SECONDS + 1
        assert await meaning(client.add(audience, a_batch([[C]], session=2, number=2))) is Answer.SESSION_OVER
        assert server.sandbox.people(audience, ["EMAIL"]) == {(A,), (B,)}


async def test_a_replacing_session_begins_once_and_takes_effect_at_its_end():
    async with a_sandbox() as server, a_client(server) as client:
        audience = await client.create("Friends", "")
        await client.add(audience, a_batch([[A]]))
        assert await meaning(client.replace(audience, a_batch([[B]], session=2, number=2))) is Answer.NOT_BEGUN
        await client.replace(audience, a_batch([[B]], session=2, last=False))
        assert await meaning(client.replace(audience, a_batch([[B]], session=2))) is Answer.BUSY
        assert await meaning(client.replace(audience, a_batch([[B]], session=3))) is Answer.BUSY
        assert await meaning(client.add(audience, a_batch([[C]], session=4))) is Answer.BUSY
        await client.replace(audience, a_batch([[C]], session=2, number=3, last=False))
        await client.replace(audience, a_batch([[C]], session=2, number=3, last=False))
        assert server.sandbox.people(audience, ["EMAIL"]) == {(A,)}
        await client.replace(audience, a_batch([[C]], session=2, number=2))
        assert server.sandbox.people(audience, ["EMAIL"]) == {(B,), (C,)}
        await client.replace(audience, a_batch([[A]], session=5, last=False))
        server.sandbox.sessions.skipped_seconds += LASTS_SECONDS + 1
        await client.read(audience)
        assert server.sandbox.people(audience, ["EMAIL"]) == {(A,)}, "it ends by itself, with what came"


async def test_too_many_rows_or_audiences_and_a_size_that_is_too_small_are_refused():
    async with a_sandbox() as server, a_client(server) as client:
        audience = await client.create("Friends", "")
        assert await meaning(client.add(audience, a_batch([[A]] * 10_001))) is Answer.STOPPED
        server.sandbox.smallest = 2
        await client.add(audience, a_batch([[A]]))
        assert await meaning(client.remove(audience, a_batch([[A]], session=2))) is Answer.TOO_SMALL
        for number in range(MOST_AUDIENCES - 1):
            server.sandbox.create(server.sandbox.account_id, {**FORM, "name": f"n{number}"})
        assert await meaning(client.create("One more", "")) is Answer.STOPPED


FORM = {"subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY"}
