"""A test that does not end is failed by its name, and leaves nothing to those after it."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit.time_limits import nothing_is_left


class Item:
    """What is noted in the report of a test."""

    def __init__(self) -> None:
        self.sections: list[tuple[str, str, str]] = []

    def add_report_section(self, *section: str) -> None:
        self.sections.append(section)


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    made = asyncio.new_event_loop()
    yield made
    made.close()


async def waits_for_ever(ended: list[str]) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        ended.append("ended")


def test_each_test_has_a_limit(request: pytest.FixtureRequest) -> None:
    assert request.config.pluginmanager.hasplugin("timeout")
    if request.config.getoption("timeout") is None:
        limits = [item.get_closest_marker("timeout") for item in request.session.items]
        assert all(limit is not None and 0 < limit.args[0] <= 300 for limit in limits)


@pytest.mark.timeout(300)
def test_a_mark_allows_more(request: pytest.FixtureRequest) -> None:
    assert [mark.args for mark in request.node.iter_markers("timeout")] == [(300,)]


def test_what_a_test_began_is_ended_when_it_is_cut_off(loop: Any) -> None:
    item: Any = Item()
    ended: list[str] = []
    kept = loop.create_task(waits_for_ever(ended))
    loop.run_until_complete(asyncio.sleep(0))
    with pytest.raises(pytest.fail.Exception), nothing_is_left(item, loop):
        loop.create_task(waits_for_ever(ended))
        loop.run_until_complete(asyncio.sleep(0))
        pytest.fail("it took too long")
    ((when, title, stacks),) = item.sections
    assert (when, title) == ("call", "tasks that waited")
    assert "waits_for_ever" in stacks
    assert ended == ["ended"]
    assert not kept.done(), "a fixture began it"
    kept.cancel()
    loop.run_until_complete(asyncio.wait([kept]))


def test_a_test_that_ends_may_leave_what_it_began(loop: Any) -> None:
    item: Any = Item()
    with nothing_is_left(item, loop):
        task = loop.create_task(asyncio.sleep(0))
    loop.run_until_complete(task)
    assert not item.sections
