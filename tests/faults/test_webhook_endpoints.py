"""Webhooks under fault: workers are killed, servers restarted, partners fail in every way. A partner that stores what it verified
ends with exactly the log, in order, and duplicates only under the same id."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import pytest
import redis.asyncio
from aiohttp import web

from models import db
from models.accounts import secrets
from models.changelog.cursor import to_cursor
from models.changelog.members import MEMBERS
from models.changelog.read import read_page
from models.destinations.webhooks import endpoints, positions, resending, urls
from models.membership import manual_changes
from models.membership.origins import Origin
from models.queue.work import Queue
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.broadcasts import SECRET_KEY
from tests.kit.receivers import Receiver, a_receiver, closes_early, closes_in_the_middle, hangs, says
from tests.kit.restartable import Restartable, own_database, own_folder, own_server
from tests.kit.segments import new_contacts, static_segment
from tests.kit.webhook_endpoints import an_endpoint
from tests.kit.workers import WorkerProcess, eventually, start_worker
from tests.kit.workspaces import new_workspace
from workers.broker import connected_broker

__all__ = ["own_database", "own_folder", "own_server"]

pytestmark = pytest.mark.slow

CONTACTS = 60
KILLS = 4

QUICK = f"""
from dataclasses import replace
from models.accounts import secrets
from models.destinations.webhooks import dispatch, schedule, urls
secrets.use_keys([{SECRET_KEY!r}])
urls.allow_local(True)
dispatch.LEASES = replace(dispatch.LEASES, seconds=0.6)
schedule.DELAYS = (0.05,) * 10_000
schedule.MOST_WAIT_SECONDS = schedule.LEAST_WAIT_SECONDS = 0.1
from workers.providers.webhooks import client
client.TIMEOUT_SECONDS = 0.4
"""
"""In the workers: a schedule of days in a moment."""


class Partner(Receiver):
    """Fails about one time in five, in every way it can."""

    dice = random.Random(7)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.dice.random() < 0.2 and not self.is_well:
            self.faults.append(self.dice.choice(self.ways))
        return await super().answer(request)

    is_well = False
    ways = (
        *(says(500), says(404), says(302, location="http://127.0.0.1:1/"), says(429, retry_after="0"), hangs),
        *(closes_early, closes_in_the_middle, says(503, retry_after="soon")),
    )


class Crew:
    """Workers, of which one is killed now and then."""

    def __init__(self, database_url: str, redis_url: str) -> None:
        self.urls = database_url, redis_url
        self.workers: list[WorkerProcess] = []

    async def hire(self, count: int = 1) -> None:
        self.workers += await asyncio.gather(*(start_worker(Queue.WEBHOOK, *self.urls, QUICK) for _ in range(count)))

    async def kill_one(self) -> None:
        await asyncio.gather(self.workers.pop(0).kill(), self.hire())

    async def replace_the_dead(self) -> None:
        """A worker that was starting while the database was away ends; a supervisor starts it again."""
        await asyncio.sleep(1)
        dead = [worker for worker in self.workers if worker.ended.done()]
        self.workers = [worker for worker in self.workers if worker not in dead]
        await self.hire(len(dead))


@contextlib.asynccontextmanager
async def a_crew(database_url: str, redis_url: str) -> AsyncIterator[Crew]:
    crew = Crew(database_url, redis_url)
    await crew.hire(2)
    try:
        yield crew
    finally:
        await asyncio.gather(*(worker.kill() for worker in crew.workers))


async def log_of(scope: Scope) -> list[tuple[str, str, str]]:
    page = await read_page(scope, MEMBERS, None, 100_000)
    return [
        (to_cursor(MEMBERS, scope.workspace_id, one.position), one.kind, to_global_id("Contact", one.contact_id))
        for one in page.entries
    ]


async def write(scope: Scope, segment_id: int, contacts: list[int], dice: random.Random, changes: int) -> None:
    """Contacts go in and out, a few at a time."""
    for _ in range(changes):
        some = dice.sample(contacts, dice.randint(1, 6))
        change = {"add": some} if dice.random() < 0.6 else {"remove": some}
        await manual_changes.change_members(scope, segment_id, origin=Origin.MANUAL, **change)
        await asyncio.sleep(dice.random() * 0.02)


def assert_only_ids_repeat(receiver: Receiver) -> None:
    bodies: dict[str, object] = {}
    for webhook_id, body in receiver.received:
        assert bodies.setdefault(webhook_id, body) == body, "an id says the same each time"
    live = [one for one in bodies.values() if not one.get("replay")]  # type: ignore[attr-defined]
    cursors = [change["cursor"] for one in live for change in one["data"]["changes"]]  # type: ignore[index]
    assert len(set(cursors)) == len(cursors), "a change has one id"


async def test_what_partners_verify_is_the_log_whatever_dies(
    own_database: str, own_server: Restartable, redis_url: str
) -> None:
    dice = random.Random(1)
    secrets.use_keys([SECRET_KEY])
    urls.allow_local(True)
    scope = await new_workspace()
    segment, contacts = await static_segment(scope), await new_contacts(scope, CONTACTS)
    async with a_receiver(Partner()) as ordered, a_receiver(Partner()) as parallel, connected_broker(redis_url):
        made = [
            await an_endpoint(scope, ordered, batch_size=9),
            await an_endpoint(scope, parallel, batch_size=5, mode="PARALLEL"),
        ]
        async with a_crew(own_database, redis_url) as crew:
            for number in range(KILLS):
                heard = [len(one.received) for one in (ordered, parallel)]
                await write(scope, segment.id, contacts, dice, 20)
                await eventually(have_heard_more((ordered, parallel), heard), 30)
                await crew.kill_one()
                if number == 1:
                    async with redis.asyncio.from_url(redis_url) as client:
                        await client.flushall()
                if number == 2:
                    await asyncio.to_thread(own_server.crash)
                    await asyncio.sleep(0.3)
                    await asyncio.to_thread(own_server.start)
                    await crew.replace_the_dead()
                if number == 3:
                    for endpoint_id in made:
                        await resending.replay(scope, endpoint_id, to_cursor(MEMBERS, scope.workspace_id, 10), None)
            ordered.is_well = parallel.is_well = True

            async def all_delivered() -> bool:
                at = [await positions.delivered_up_to(scope, one) for one in made]
                heads = await positions.heads(scope)
                rows = [await endpoints.get(scope, one) for one in made]
                return all(one.members == heads.members for one in at) and not any(row["replays"] for row in rows)

            await eventually(all_delivered, 60)
            await eventually(nothing_waits, 30)
    log = await log_of(scope)
    assert len(log) > 150
    assert ordered.changes == log, "exactly the log, in order"
    assert sorted(parallel.changes) == sorted(log), "exactly the log"
    for receiver in (ordered, parallel):
        assert_only_ids_repeat(receiver)
        replayed = {
            change["cursor"]
            for _, body in receiver.received
            if body.get("replay")
            for change in body["data"]["changes"]
        }
        assert {cursor for cursor, _, _ in log[10:30]} <= replayed
    assert ordered.refused == parallel.refused == 0


def have_heard_more(receivers: Sequence[Receiver], heard: Sequence[int]) -> Callable[[], Awaitable[bool]]:
    """A few requests each: workers are in the middle of sending."""

    async def holds() -> bool:
        return all(len(one.received) >= before + 3 for one, before in zip(receivers, heard, strict=True))

    return holds


async def nothing_waits() -> bool:
    return await db.fetch_value("SELECT count(*) FROM webhook_deliveries WHERE status = 'WAITING'") == 0
