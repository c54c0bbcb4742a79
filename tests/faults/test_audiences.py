"""Syncing workers killed again and again, Redis emptied, PostgreSQL crashed: the audience ends as its segment says."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from random import Random

import pytest
import redis.asyncio

from models import db
from models.db.tables.audiences import Audience
from models.destinations.audiences import replacing
from models.queue import jobs
from permissions.principal import Scope
from sandbox.meta.faults import Command, Fault
from sandbox.meta.server import Server
from tests.kit import audiences as kit
from tests.kit.audiences import expected, start_syncer, there
from tests.kit.broadcasts import a_segment, people
from tests.kit.meta import a_sandbox
from tests.kit.restartable import Restartable, own_database, own_folder, own_server
from tests.kit.workers import WorkerProcess, eventually

__all__ = ["own_database", "own_folder", "own_server"]

pytestmark = pytest.mark.slow

SIZE = 400
BATCH = 20
KILLS = 4


@dataclass
class World:
    """A worker process that a test can kill, and a sandbox that knows who is there."""

    database_url: str
    redis_url: str
    server: Server
    scope: Scope
    ids: list[int]
    segment: int
    audience: Audience
    random: Random = field(default_factory=lambda: Random(5))
    worker: WorkerProcess | None = None

    async def hire(self) -> None:
        self.worker = await start_syncer(self.database_url, self.redis_url, self.server.url, BATCH)

    async def kill(self) -> None:
        """In the middle of whatever it does; another one begins when its lease has run out."""
        assert self.worker is not None
        await asyncio.gather(self.worker.kill(), self.hire_another())

    async def hire_another(self) -> None:
        await self.hire()
        await db.execute("UPDATE audiences SET leased_until = now(), waits_until = NULL, next_run_at = now()")
        await db.execute("UPDATE jobs SET leased_until = now() WHERE leased_until IS NOT NULL")

    async def people_change(self) -> None:
        chosen = self.random.sample(self.ids, 30)
        await db.execute("DELETE FROM memberships WHERE contact_id = ANY ($1::bigint[])", chosen[:10])
        await db.execute(
            "UPDATE contacts SET email = 'n' || id::text || '.' || $2 || '@example.com' WHERE id = ANY ($1::bigint[])",
            chosen[10:20],
            str(self.random.random()),
        )
        await db.execute(
            "UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE id = ANY ($1::bigint[])", chosen[20:]
        )
        await kit.engine(self.scope)

    async def is_right(self) -> bool:
        self.audience = await Audience.get(id=self.audience.id)
        right = await expected(self.scope, self.segment)
        return self.audience.status == "IN_SYNC" and there(self.server, self.audience) == right


@contextlib.asynccontextmanager
async def a_world(database_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_sandbox() as server:
        scope = await kit.an_advertiser()
        ids = await people(scope, SIZE, consent="UNKNOWN")
        segment = await a_segment(scope, ids)
        await kit.engine(scope)
        world = World(database_url, redis_url, server, scope, ids, segment, await kit.an_audience(scope, segment))
        try:
            yield world
        finally:
            if world.worker is not None:
                await world.worker.kill()


async def test_workers_that_are_killed_again_and_again_leave_nobody_out_and_nobody_in(database: str, redis_url: str):
    async with a_world(database, redis_url) as world:
        world.server.sandbox.faults.set([Command(Fault.LOST_ANSWER, share=0.05), Command(Fault.CUT, share=0.05)])
        await world.hire()
        for number in range(KILLS):
            calls = sum(world.server.sandbox.calls.values())

            async def has_called(before: int = calls) -> bool:
                return sum(world.server.sandbox.calls.values()) > before + world.random.randint(1, 4)

            with contextlib.suppress(AssertionError):  # perhaps there is nothing more to call
                await eventually(has_called, 2)
            await world.people_change()
            if number == KILLS // 2:
                await replacing.ask(world.scope, world.audience.id)
                async with redis.asyncio.from_url(redis_url) as client:
                    await client.flushall()
            await world.kill()
        world.server.sandbox.faults.set([])
        await db.execute("UPDATE audiences SET waits_until = NULL, next_run_at = now()")
        await eventually(world.is_right, 60)
        assert await db.fetch_value("SELECT count(*) FROM audience_members WHERE NOT certain OR due > 0") == 0


async def test_postgresql_may_crash_in_the_middle_of_a_sync(own_database: str, own_server: Restartable, redis_url: str):
    async with a_world(own_database, redis_url) as world:
        await world.hire()

        async def some_are_there() -> bool:
            return world.server.sandbox.rows["add"] >= 5 * BATCH

        await eventually(some_are_there, 30)
        own_server.crash()
        own_server.start()
        await eventually(_answers, 30)
        await world.people_change()
        await eventually(world.is_right, 60)
        job = await replacing.ask(world.scope, world.audience.id)
        await eventually(lambda: _has_ended(world, job.id), 30)
        await eventually(world.is_right, 15)


async def _answers() -> bool:
    try:
        await db.execute("UPDATE audiences SET leased_until = now()")
    except Exception:
        return False
    return True


async def _has_ended(world: World, job_id: int) -> bool:
    job = await jobs.get(world.scope, job_id)
    assert job.status != "FAILED", job.error
    return job.status == "SUCCEEDED"
