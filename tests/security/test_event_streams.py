"""Unknown callers cannot take the event streams away from others."""

import asyncio
from dataclasses import replace

import aiohttp

from schema.server.transports.stream import StreamLimits
from tests.kit.api import application, serving
from tests.kit.toys import toy_schema
from tests.kit.workers import eventually

LIMITS = StreamLimits(keep_alive_seconds=0.1, reserved_seconds=0.5, idle_seconds=0.5, waiting_per_address=20)


async def reserve(client: aiohttp.ClientSession, address: str, **headers: str) -> tuple[int, str | None]:
    async with client.put(f"http://{address}/graphql", headers=headers) as response:
        return response.status, response.headers.get("Retry-After")


async def test_reservations_of_one_address_are_few(database: str) -> None:
    limits = replace(LIMITS, reserved_seconds=60.0)  # none expires before all are made
    async with serving(application(toy_schema(), streams=limits)) as address, aiohttp.ClientSession() as client:
        answers = await asyncio.gather(*(reserve(client, address) for _ in range(200)))
        assert answers.count((201, None)) == 20
        assert answers.count((429, "60")) == 180
        # The limit holds before the caller is looked up, so these cost no query.
        assert (await reserve(client, address, Authorization="Bearer nonsense"))[0] == 429


async def test_a_reservation_makes_room_when_it_has_expired(database: str) -> None:
    limits = replace(LIMITS, waiting_per_address=1)
    async with serving(application(toy_schema(), streams=limits)) as address, aiohttp.ClientSession() as client:
        assert (await reserve(client, address))[0] == 201

        async def there_is_room() -> bool:
            return (await reserve(client, address))[0] == 201

        await eventually(there_is_room)


async def test_a_stream_of_nobody_without_an_operation_ends(database: str) -> None:
    async with serving(application(toy_schema(), streams=LIMITS)) as address, aiohttp.ClientSession() as client:
        async with client.put(f"http://{address}/graphql") as reserved:
            token = await reserved.text()
        headers = {"X-GraphQL-Event-Stream-Token": token, "Accept": "text/event-stream"}
        async with client.get(f"http://{address}/graphql", headers=headers) as stream:
            assert stream.status == 200
            assert set((await asyncio.wait_for(stream.text(), 5)).split()) <= {":"}
