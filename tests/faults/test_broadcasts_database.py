"""PostgreSQL stopped at once, in the middle of a broadcast, and started again: nobody is sent to twice, nobody is left out."""

import asyncio

import pytest

from tests.faults.test_broadcasts import SIZE, a_world, accepted, assert_true, ended, started
from tests.kit.restartable import Restartable, own_database, own_folder, own_server
from tests.kit.workers import eventually

__all__ = ["own_database", "own_folder", "own_server"]

pytestmark = pytest.mark.slow


async def test_a_database_that_crashes_and_comes_back(own_database: str, own_server: Restartable, redis_url: str):
    async with a_world(own_database, redis_url) as world:
        await world.hire(2)
        broadcast = await started(world)
        for share in (0.2, 0.6):
            await eventually(accepted(world, int(SIZE * share)), 60)
            await asyncio.to_thread(own_server.crash)
            await asyncio.sleep(1.0)
            await asyncio.to_thread(own_server.start)
        assert (await ended(world, broadcast)).status == "COMPLETED"
        counts = await assert_true(world, broadcast)
        assert counts.get("unconfirmed", 0) < SIZE / 3
