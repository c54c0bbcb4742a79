"""Unknown callers cannot take the event streams away from others."""

import asyncio

import aiohttp

from schema.server.transports.stream import StreamLimits
from tests.kit.api import application, serving
from tests.kit.toys import toy_schema

LIMITS = StreamLimits(keep_alive_seconds=0.1, reserved_seconds=0.5, idle_seconds=0.5, waiting_per_address=20)


async def test_reservations_of_one_address_are_few_and_short(database: str) -> None:
    async with serving(application(toy_schema(), streams=LIMITS)) as address, aiohttp.ClientSession() as client:

        async def reserve(**headers: str) -> tuple[int, str | None]:
            async with client.put(f"http://{address}/graphql", headers=headers) as response:
                return response.status, response.headers.get("Retry-After")

        answers = await asyncio.gather(*(reserve() for _ in range(200)))
        assert answers.count((201, None)) == 20
        assert answers.count((429, "1")) == 180
        # The limit holds before the caller is looked up, so these cost no query.
        assert (await reserve(Authorization="Bearer nonsense"))[0] == 429
        await asyncio.sleep(0.6)
        assert (await reserve())[0] == 201


async def test_a_stream_of_nobody_without_an_operation_ends(database: str) -> None:
    async with serving(application(toy_schema(), streams=LIMITS)) as address, aiohttp.ClientSession() as client:
        async with client.put(f"http://{address}/graphql") as reserved:
            token = await reserved.text()
        headers = {"X-GraphQL-Event-Stream-Token": token, "Accept": "text/event-stream"}
        async with client.get(f"http://{address}/graphql", headers=headers) as stream:
            assert stream.status == 200
            assert set((await asyncio.wait_for(stream.text(), 5)).split()) <= {":"}
