"""Partners follow the log while PostgreSQL and Redis crash and the API stops: none misses a change or is cut off without need."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from random import Random
from typing import Any

import aiohttp
import asyncpg
import pytest
import redis.asyncio

from models.changelog.live_reader import TailLimits
from models.changelog.members import MEMBERS
from models.changelog.read import read_head
from models.changelog.tail import TAIL
from models.membership import manual_changes
from models.membership.origins import Origin
from models.queue import jobs, running_jobs
from models.queue.jobs import JobKind
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.api import Api, application, bearer_of, serving
from tests.kit.followers import Partner, as_events, over_a_socket
from tests.kit.restartable import Restartable, own_database, own_folder, own_redis, own_server
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workers import eventually
from tests.kit.workspaces import new_workspace

__all__ = ["own_database", "own_folder", "own_redis", "own_server"]

pytestmark = pytest.mark.slow

AWAY = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Story:
    """A workspace in which members come and go, written by somebody who tries again when the database is away."""

    def __init__(self, scope: Scope, segment_id: int, ids: list[int]) -> None:
        self.scope, self.segment_id, self.ids = scope, segment_id, ids
        self.random = Random(7)

    @classmethod
    async def begin(cls) -> "Story":
        scope = await new_workspace()
        return cls(scope, (await static_segment(scope)).id, await new_contacts(scope, 40))

    async def write(self, seconds: float, rounds: int = 30) -> None:
        """For longer where the machine is slow: there is much to follow then too."""
        ends_at = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < ends_at or rounds > 0:
            some = self.random.sample(self.ids, 4)
            try:
                await manual_changes.change_members(
                    self.scope, self.segment_id, add=some[:2], remove=some[2:], origin=Origin.API
                )
                rounds -= 1
            except AWAY:
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.005)

    async def end(self) -> list[int]:
        end = (await read_head(self.scope, MEMBERS)).position
        assert end > 20
        return list(range(1, end + 1))


@asynccontextmanager
async def partners(scope: Scope, redis_url: str) -> AsyncIterator[list[Partner]]:
    """Four who follow the log from its beginning, each on one connection, in both ways."""
    headers = {"Authorization": f"Bearer {await bearer_of(scope)}"}
    async with (
        serving(application(redis_url=redis_url)) as place,
        aiohttp.ClientSession(headers=headers) as session,
    ):
        them = [Partner(scope, session, place) for _ in range(4)]
        ways = [over_a_socket, over_a_socket, as_events, as_events]
        following = [asyncio.create_task(one.follow(way)) for one, way in zip(them, ways, strict=True)]
        yield them
        assert not any(task.done() for task in following)
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)


async def test_followers_live_through_crashes_of_the_database(
    own_database: str, own_server: Restartable, redis_url: str, monkeypatch
):
    monkeypatch.setattr(TAIL, "limits", TailLimits(waiting=20, page=7, look_seconds=0.2))
    story = await Story.begin()
    await story.write(1.0)  # what is there to be caught up with
    async with partners(story.scope, redis_url) as them:
        for partner in them:
            await partner.has_begun()
        writing = asyncio.create_task(story.write(4.0))
        for _ in range(2):
            await asyncio.sleep(0.4)
            await asyncio.to_thread(own_server.crash)
            await asyncio.sleep(0.3)
            await asyncio.to_thread(own_server.start)
        await writing
        everything = await story.end()
        for partner in them:
            await partner.has(everything)


async def test_a_job_is_followed_through_a_crash_of_the_database(own_database: str, own_server: Restartable):
    scope = await new_workspace()
    api, bearer = Api(), await bearer_of(scope)
    made = await jobs.create(scope, JobKind.SEGMENT_CONTACTS, {}, segment_id=(await static_segment(scope)).id)
    job = await running_jobs.take(scope.workspace_id, made.id)
    query = "subscription ($id: ID!) { jobProgress(id: $id) { status } }"
    async with aclosing(api.listen(bearer, query, id=to_global_id("SegmentContactsJob", made.id))) as events:
        assert (await anext(events))["data"]["jobProgress"]["status"] == "RUNNING"
        await asyncio.to_thread(own_server.crash)
        ending = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.5)
        await asyncio.to_thread(own_server.start)
        await eventually(lambda: _finished(job))
        assert (await asyncio.wait_for(ending, 15))["data"]["jobProgress"]["status"] == "SUCCEEDED"


async def _finished(job: jobs.Job) -> bool:
    try:
        await running_jobs.finish(job)
    except AWAY:
        return False
    return True


async def test_followers_live_through_a_redis_that_is_emptied_crashed_and_back(database: str, own_redis: Restartable):
    story = await Story.begin()
    async with partners(story.scope, own_redis.server.url) as them:
        writing = asyncio.create_task(story.write(3.0))
        await asyncio.sleep(0.5)
        async with redis.asyncio.from_url(own_redis.server.url) as client:
            await client.flushall()
        await asyncio.to_thread(own_redis.crash)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(own_redis.start)
        await writing
        everything = await story.end()
        for partner in them:
            await partner.has(everything)


async def test_an_api_that_stops_and_starts_again_is_gone_on_with_at_the_last_cursor(database: str, redis_url: str):
    story = await Story.begin()
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {await bearer_of(story.scope)}"}) as session:
        them = [Partner(story.scope, session, "") for _ in range(2)]
        writing = asyncio.create_task(story.write(3.0))
        for _ in range(3):
            apps: list[Any] = []
            async with serving(application(redis_url=redis_url, started=apps.append)) as place:
                following = []
                for partner, way in zip(them, (over_a_socket, as_events), strict=True):
                    partner.address = place
                    following.append(asyncio.create_task(partner.follow(way)))
                await asyncio.sleep(0.6)
                apps[0].state.end_streams()  # as a signal does
            await asyncio.wait_for(asyncio.gather(*following), 10)  # each was told that it is over
        await writing
        await story.write(0, rounds=5)  # nobody has these yet, however long the three connections took
        everything = await story.end()
        async with serving(application(redis_url=redis_url)) as place:
            for partner, way in zip(them, (as_events, over_a_socket), strict=True):
                partner.address = place
                await asyncio.wait_for(partner.follow(way, len(everything)), 30)
                await partner.has(everything)
