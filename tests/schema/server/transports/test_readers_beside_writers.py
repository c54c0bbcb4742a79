"""Readers that lose their connections at random, beside writers, have read exactly the log in the end."""

import asyncio
from contextlib import suppress
from random import Random

import aiohttp
import pytest

from models.changelog import hints
from models.changelog.live_reader import TailLimits
from models.changelog.members import MEMBERS
from models.changelog.read import read_page
from models.changelog.tail import TAIL
from models.membership import manual_changes
from models.membership.origins import Origin
from permissions.principal import Scope
from schema.server.ids import to_global_id
from tests.kit.api import OURS, PLAIN, application, bearer_of, serving
from tests.kit.followers import Partner, as_events, over_a_socket
from tests.kit.queue import ForgetfulHints
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workers import eventually
from tests.kit.workspaces import new_workspace
from workers.broker import connected_broker


async def write(scope: Scope, segments: list[int], ids: list[int], random: Random, turns: int) -> None:
    """Add and remove members, a few at a time or many."""
    for _ in range(turns):
        some = random.sample(ids, random.choice([1, 2, 3, len(ids)]))
        half = random.randrange(len(some) + 1)
        await manual_changes.change_members(
            scope, random.choice(segments), add=some[:half], remove=some[half:], origin=Origin.API
        )
        await asyncio.sleep(random.random() * 0.02)


async def come_and_go(partner: Partner, random: Random) -> None:
    """Follow over a socket or as events, and disconnect after some changes or some time."""
    while True:
        way = random.choice([over_a_socket, as_events])
        most = len(partner.positions) + random.choice([1, 5, 50, 1000])
        with suppress(TimeoutError):
            async with asyncio.timeout(random.choice([0.05, 0.2, 1.0])):
                await partner.follow(way, most)
        if random.random() < 0.3:
            await asyncio.sleep(random.random() * 0.2)


@pytest.mark.parametrize(("protocols", "seed"), [(OURS, 1), (PLAIN, 2)], ids=["ours", "plain"])
async def test_readers_that_come_and_go_beside_writers_read_the_whole_log(
    database, redis_url, monkeypatch, protocols, seed
):
    monkeypatch.setattr(TAIL, "limits", TailLimits(waiting=20, page=7, look_seconds=0.05))
    scope, random = await new_workspace(), Random(seed)
    segments = [(await static_segment(scope)).id for _ in range(3)]
    ids = await new_contacts(scope, 80)
    headers = {"Authorization": f"Bearer {await bearer_of(scope)}"}
    async with (
        serving(application(redis_url=redis_url), protocols) as address,
        aiohttp.ClientSession(headers=headers) as session,
        connected_broker(redis_url) as broker,
    ):
        hints.use(ForgetfulHints(broker, random))
        wishes = [None, None, segments[:1], segments[1:]]
        partners = [
            Partner(scope, session, address, wish and [to_global_id("Segment", number) for number in wish])
            for wish in wishes
        ]
        reading = [asyncio.create_task(come_and_go(partner, Random(random.random()))) for partner in partners]
        writers = [write(scope, segments, ids[own::4], Random(random.random()), 30) for own in range(4)]
        await asyncio.gather(*writers)
        for partner, wish in zip(partners, wishes, strict=True):
            page = await read_page(scope, MEMBERS, 0, 100_000, wish)
            assert len(page.entries) > 50
            await partner.has([change.position for change in page.entries])
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)
        assert sum(partner.connections for partner in partners) > len(partners)

        async def nobody_follows() -> bool:
            return not TAIL.readers

        await eventually(nobody_follows)
