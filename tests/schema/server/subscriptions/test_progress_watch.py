"""One look for all who follow: what each is given, and when nobody looks."""

import asyncio
from collections.abc import Mapping
from contextlib import aclosing

import pytest

from schema.server.subscriptions import progress_watch
from schema.server.subscriptions.progress_watch import Key, ProgressWatch

KEY = (1, 7)


class Things:
    """States by key; each look is counted, and gives what is not as the watch knows it."""

    def __init__(self) -> None:
        self.states = {KEY: (1, "one")}
        self.looks: list[Mapping[Key, int | None]] = []
        self.away = False

    async def look(self, versions: Mapping[Key, int | None]) -> Mapping[Key, tuple[int, str]]:
        self.looks.append(versions)
        if self.away:
            raise ConnectionError
        return {key: self.states[key] for key, version in versions.items() if self.states[key][0] != version}

    async def looked(self) -> None:
        """Wait for the end of a look that begins after this."""
        before = len(self.looks)
        while len(self.looks) < before + 2:
            await asyncio.sleep(0.01)


@pytest.fixture
def things() -> Things:
    return Things()


@pytest.fixture
def watch(things: Things) -> ProgressWatch[int, str]:
    return ProgressWatch("things", things.look)


async def soon(events):
    return await asyncio.wait_for(anext(events), 5)


async def test_who_knows_no_version_is_given_the_present_state(watch):
    async with aclosing(watch.follow(KEY)) as events:
        assert await soon(events) == "one"


async def test_who_knows_the_present_version_is_given_the_next_one(things, watch):
    async with aclosing(watch.follow(KEY, 1)) as events:
        next_one = asyncio.ensure_future(soon(events))
        await asyncio.sleep(0.25)
        assert not next_one.done()
        things.states[KEY] = (2, "two")
        assert await next_one == "two"


async def test_who_joins_late_is_given_what_was_reported_before_and_nobody_is_given_it_twice(things, watch):
    async with aclosing(watch.follow(KEY, 1)) as first, aclosing(watch.follow(KEY, 1)) as late:
        things.states[KEY] = (2, "two")
        assert await soon(first) == "two"
        assert await soon(late) == "two"
        again = asyncio.ensure_future(soon(first))
        await asyncio.sleep(0.25)
        assert not again.done()
        things.states[KEY] = (3, "three")
        assert await again == "three"


async def test_a_slow_reader_is_given_the_newest_state_only(things, watch):
    async with aclosing(watch.follow(KEY)) as events:
        assert await soon(events) == "one"
        for number, name in enumerate(("two", "three", "four"), 2):
            things.states[KEY] = (number, name)
            await things.looked()
        assert await soon(events) == "four"


async def test_many_followers_cost_one_look(things, watch):
    async def follow() -> str:
        async with aclosing(watch.follow(KEY)) as events:
            return await soon(events)

    assert await asyncio.gather(*(follow() for _ in range(50))) == ["one"] * 50
    assert len(things.looks) < 10


async def test_a_look_that_fails_is_repeated(things, watch, monkeypatch):
    monkeypatch.setattr(progress_watch, "RETRY_SECONDS", 0.01)
    things.away = True
    async with aclosing(watch.follow(KEY)) as events:
        first = asyncio.ensure_future(soon(events))
        await asyncio.sleep(0.2)
        things.away = False
        assert await first == "one"


async def test_nobody_looks_when_nobody_follows(things, watch):
    async with aclosing(watch.follow(KEY)) as events:
        await soon(events)
        assert not watch.is_idle
    assert watch.is_idle
    looks = len(things.looks)
    await asyncio.sleep(0.25)
    assert len(things.looks) == looks
