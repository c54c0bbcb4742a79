"""Workers killed, Redis emptied and restarted, PostgreSQL crashed: members and log are right afterwards, and all is told once."""

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from random import Random

import asyncpg
import pytest

from models import db
from models.changelog.members import MEMBERS
from models.changelog.read import read_head
from models.membership import manual_changes
from models.membership.origins import Origin, Override
from models.queue import work
from models.queue.enqueue import enqueue
from models.queue.work import Queue
from models.segments import segments
from permissions.principal import Scope
from tests.kit.engine import assert_all_is_right, plus_segment
from tests.kit.restartable import Restartable, own_database, own_folder, own_redis, own_server
from tests.kit.segments import TAGGED_VIP, dynamic_segment, in_segment, new_contacts, static_segment
from tests.kit.workers import WorkerProcess, eventually, start_worker
from tests.kit.workspaces import new_workspace
from workers.broker import Broker, connected_broker

__all__ = ["own_database", "own_folder", "own_redis", "own_server"]

pytestmark = pytest.mark.slow

SCORED = {"field": {"field": "score", "operator": "GTE", "value": 10}}
HEARD_FROM = {"field": {"field": "last_interaction_at", "operator": "WITHIN_LAST", "value": "PT1S"}}
BOUGHT = {"activity": {"kind": "purchase", "within": "PT1S", "operator": "GTE", "value": 1}}
AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Crew:
    """Workers, and a supervisor that starts again whatever ends."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        self.places = database_url, redis_url
        self.workers: dict[Queue, WorkerProcess] = {}
        self.supervising: list[asyncio.Task[None]] = []

    async def supervise(self, queue: Queue) -> None:
        while True:
            self.workers[queue] = await start_worker(queue, *self.places)
            await asyncio.shield(self.workers[queue].ended)
            await asyncio.sleep(0.1)

    @asynccontextmanager
    async def at_work(self):
        self.supervising = [asyncio.create_task(self.supervise(queue)) for queue in (Queue.REALTIME, Queue.BULK)]
        try:
            yield self
        finally:
            for task in self.supervising:
                task.cancel()
            await asyncio.gather(*self.supervising, return_exceptions=True)
            for worker in self.workers.values():
                await worker.kill()


class Story:
    """A workspace in which much is written, by people who try again when the database is away."""

    def __init__(self, scope: Scope, seed: int) -> None:
        self.scope, self.random = scope, Random(seed)

    @classmethod
    async def begin(cls, seed: int) -> "Story":
        story = cls(await new_workspace(), seed)
        story.ids = await new_contacts(story.scope, 60)
        story.static = await static_segment(story.scope)
        vips, scored = await dynamic_segment(story.scope), await dynamic_segment(story.scope, SCORED)
        story.edited = [vips, scored]
        await dynamic_segment(story.scope, in_segment(vips, member=False))
        await dynamic_segment(story.scope, {"any": [in_segment(scored), in_segment(story.static)]})
        heard_from, buyers = await dynamic_segment(story.scope, HEARD_FROM), await plus_segment(story.scope, BOUGHT)
        await dynamic_segment(story.scope, {"all": [in_segment(heard_from, member=False), in_segment(buyers)]})
        return story

    async def write(self, steps: int) -> None:
        for _ in range(steps):
            try:
                await self._step()
            except AWAY:
                await asyncio.sleep(0.1)
            await asyncio.sleep(self.random.random() * 0.02)

    async def _step(self) -> None:
        random, some = self.random, self.random.sample(self.ids, self.random.randint(1, 5))
        match random.randrange(12):
            case 0 | 1 | 2:
                await db.execute(
                    "UPDATE contacts SET tags = $2 WHERE id = ANY($1)", some, random.choice([[], ["vip"], ["x"]])
                )
            case 3 | 4 | 5:
                await db.execute("UPDATE contacts SET score = $2 WHERE id = ANY($1)", some, random.choice([0, 10, 20]))
            case 6:
                await manual_changes.change_members(
                    self.scope, self.static.id, add=some[:2], remove=some[2:], origin=Origin.API
                )
            case 7:
                await db.execute("DELETE FROM memberships WHERE contact_id = $1", some[0])
            case 8:
                await self._decide(some)
            case 9 | 10:
                await db.execute(_HEAR_FROM, some, datetime.now(UTC) + timedelta(seconds=random.random() * 2 - 1))
            case 11:
                await db.execute(_BUY, self.scope.workspace_id, some, timedelta(seconds=random.random() * 2 - 1))
        if random.random() < 0.5:
            await enqueue(work.PROCESS_CHANGES, self.scope.workspace_id)

    async def _decide(self, some: list[int]) -> None:
        segment = self.random.choice(self.edited)
        if self.random.random() < 0.5:
            rule = self.random.choice([TAGGED_VIP, SCORED, {"not": TAGGED_VIP}])
            await segments.update(self.scope, segment.id, {"rule": rule})
        else:
            await manual_changes.override(self.scope, segment.id, some, self.random.choice([*Override, None]))

    async def ends_well(self) -> None:
        await eventually(self._nothing_waits, 120)
        await assert_all_is_right(self.scope)
        assert (await read_head(self.scope, MEMBERS)).position > 100

    async def _nothing_waits(self) -> bool:
        try:
            return not await db.fetch_value(_SOMETHING_WAITS)
        except AWAY:
            return False


# Dirty contacts, builds, and moments up to which thresholds are still to be crossed.
_SOMETHING_WAITS = """
WITH heads AS (SELECT greatest(ticked_at, calm_until) - interval '1 second' AS line FROM membership_heads)
SELECT EXISTS (SELECT 1 FROM dirty_contacts) OR EXISTS (SELECT 1 FROM segment_builds)
    OR EXISTS (SELECT 1 FROM segments WHERE status = 'BUILDING')
    OR EXISTS (SELECT 1 FROM contacts, heads WHERE last_interaction_at >= line)
    OR EXISTS (SELECT 1 FROM activities, heads WHERE occurred_at >= line)
"""

_HEAR_FROM = "UPDATE contacts SET last_interaction_at = $2 WHERE id = ANY($1)"
_BUY = """
INSERT INTO activities (workspace_id, contact_id, kind, occurred_at)
SELECT $1, unnest($2::bigint[]), 'purchase', clock_timestamp() + $3
"""


async def test_workers_killed_at_random_moments_lose_nothing_and_tell_nothing_twice(
    database: str, redis_url: str, broker: Broker
):
    random = Random(1)
    story = await Story.begin(1)
    async with Crew(database, redis_url).at_work() as crew:
        writing = asyncio.create_task(story.write(250))
        while not writing.done():
            await asyncio.sleep(0.3 + random.random())
            if crew.workers:
                await random.choice(list(crew.workers.values())).kill()
        await writing
        await story.ends_well()


async def test_redis_emptied_and_crashed_loses_nothing(database: str, own_redis: Restartable):
    story = await Story.begin(2)
    async with Crew(database, own_redis.server.url).at_work(), connected_broker(own_redis.server.url) as broker:
        writing = asyncio.create_task(story.write(200))
        for wait in (0.8, 0.4, 0.6):
            await asyncio.sleep(wait)
            await broker.redis.flushall()
        await asyncio.to_thread(own_redis.crash)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(own_redis.start)
        await writing
        await story.ends_well()


async def test_a_database_that_crashes_and_comes_back_has_lost_nothing(
    own_database: str, own_server: Restartable, redis_url: str, broker: Broker
):
    story = await Story.begin(3)
    async with Crew(own_database, redis_url).at_work():
        writing = asyncio.create_task(story.write(200))
        for _ in range(2):
            await asyncio.sleep(1.0)
            await asyncio.to_thread(own_server.crash)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(own_server.start)
        await writing
        await story.ends_well()
