"""Readers that remember how far they have come: one worker at a time, each entry with its effect once, wherever it is killed."""

import asyncio
import sys
from contextvars import Context
from datetime import timedelta
from itertools import count
from random import Random

import pytest

from models import clock, db
from models.changelog import events, readers
from models.changelog.events import EVENTS, EventType
from models.changelog.members import MEMBERS
from models.changelog.read import NotInLog, read_page
from models.changelog.readers import ReaderMoved, StoredReader
from permissions.principal import Scope
from tests.kit.logs import drop_the_log, entered, months_ago
from tests.kit.segments import new_contacts, static_segment
from tests.kit.workers import eventually
from tests.kit.workspaces import new_workspace
from tests.models.changelog.greeter import act, read_all

__all__ = ["months_ago"]

GREETER = StoredReader("greeter", 1)


async def happened(scope: Scope, count: int) -> None:
    """So many events more."""
    for number in range(count):
        await events.record(scope.workspace_id, events.JobFinished(number, "EXPORT", "SUCCEEDED"))


@pytest.fixture
async def scope(database: str):
    """A workspace, and a table for what readers do about what they read."""
    await db.execute("CREATE TABLE IF NOT EXISTS effects (workspace_id bigint, reader_id bigint, position bigint)")
    yield await new_workspace()
    await db.execute("DROP TABLE effects")


async def effects(reader: StoredReader) -> list[int]:
    rows = await db.fetch("SELECT position FROM effects WHERE reader_id = $1 ORDER BY position", reader.id)
    return [row["position"] for row in rows]


def apart(coroutine):
    """Run it beside the ambient transaction, on a connection of its own."""
    return asyncio.create_task(coroutine, context=Context())


# ---------------------------------------------------------------- started and stopped


async def test_a_reader_begins_at_a_position_or_now_and_only_once(scope):
    await happened(scope, 3)
    assert await readers.start(scope, EVENTS, GREETER) == 3
    assert await readers.start(scope, EVENTS, GREETER, 1) == 3
    assert await readers.start(scope, EVENTS, StoredReader("greeter", 2), 1) == 1
    assert await readers.start(scope, EVENTS, StoredReader("other", 1), 0) == 0
    assert await readers.start(scope, MEMBERS, GREETER) == 0
    with pytest.raises(NotInLog, match="ahead of the log"):
        await readers.start(scope, EVENTS, StoredReader("greeter", 3), 4)


async def test_a_reader_that_is_stopped_is_forgotten_in_every_log(scope):
    for log in (EVENTS, MEMBERS):
        await readers.start(scope, log, GREETER)
    await readers.stop(scope, GREETER)
    assert [await readers.find_position(scope, log, GREETER) for log in (EVENTS, MEMBERS)] == [None, None]
    async with readers.next_page(scope, EVENTS, GREETER, 10) as page:
        assert page is None


async def test_readers_that_are_behind_are_found_the_longest_waiting_first(scope):
    other = await new_workspace("Other")
    now = clock.now()
    for age, (of, reader) in enumerate([(scope, 1), (scope, 2), (other, 3)]):
        clock.set_source(lambda age=age: now - timedelta(seconds=age))
        await readers.start(of, EVENTS, StoredReader("greeter", reader))
    assert await readers.behind(EVENTS, "greeter") == []
    await happened(scope, 1)
    await happened(other, 1)
    assert await readers.behind(EVENTS, "greeter") == [
        (other.workspace_id, 3),
        (scope.workspace_id, 2),
        (scope.workspace_id, 1),
    ]
    await read_all(scope, StoredReader("greeter", 2))
    assert await readers.behind(EVENTS, "greeter", 1) == [(other.workspace_id, 3)]
    assert (scope.workspace_id, 2) not in await readers.behind(EVENTS, "greeter")
    assert await readers.behind(MEMBERS, "greeter") == await readers.behind(EVENTS, "other") == []


# ---------------------------------------------------------------- read


async def test_a_reader_moves_in_the_transaction_of_what_it_did(scope):
    await readers.start(scope, EVENTS, GREETER)
    await happened(scope, 5)
    with pytest.raises(RuntimeError):
        async with readers.next_page(scope, EVENTS, GREETER, 2) as page:
            await act(scope, GREETER, page.entries[0].position)
            raise RuntimeError
    assert (await effects(GREETER), await readers.find_position(scope, EVENTS, GREETER)) == ([], 0)
    await read_all(scope, GREETER)
    assert (await effects(GREETER), await readers.find_position(scope, EVENTS, GREETER)) == ([1, 2, 3, 4, 5], 5)
    await read_all(scope, GREETER)
    assert await effects(GREETER) == [1, 2, 3, 4, 5]


async def test_a_reader_skips_what_it_does_not_want(scope):
    await readers.start(scope, EVENTS, GREETER)
    await happened(scope, 2)
    async with readers.next_page(scope, EVENTS, GREETER, 10, [EventType.SEGMENT_DELETED]) as page:
        assert page.entries == []
    assert await readers.find_position(scope, EVENTS, GREETER) == 2


async def test_workers_read_who_enters_a_segment(scope):
    segment, other = await static_segment(scope), await static_segment(scope)
    ids = await new_contacts(scope, 3)
    await readers.start(scope, MEMBERS, GREETER)
    await entered(scope, segment, *ids[:2])
    await entered(scope, other, *ids)
    async with readers.next_page(scope, MEMBERS, GREETER, 10, [segment.id]) as page:
        assert [change.contact_id for change in page.entries] == ids[:2]


async def test_two_workers_never_hold_the_same_reader(scope):
    await readers.start(scope, EVENTS, GREETER)
    await happened(scope, 1)

    async def finds_it():
        async with readers.next_page(scope, EVENTS, GREETER, 10) as page:
            return page

    async with readers.next_page(scope, EVENTS, GREETER, 10) as page:
        assert len(page.entries) == 1
        assert await apart(finds_it()) is None
    assert (await apart(finds_it())).entries == []


async def test_a_reader_is_moved_only_from_its_position(scope):
    await readers.start(scope, EVENTS, GREETER)
    await happened(scope, 4)
    page = await read_page(scope, EVENTS, 0, 2)
    await readers.move(scope, EVENTS, GREETER, 0, page.position)
    with pytest.raises(ReaderMoved):
        await readers.move(scope, EVENTS, GREETER, 0, page.position)
    assert await readers.find_position(scope, EVENTS, GREETER) == 2


async def test_a_reader_that_stays_away_too_long_gets_an_error(months_ago):
    scope, segment = months_ago, await static_segment(months_ago)
    await readers.start(scope, MEMBERS, GREETER)
    await entered(scope, segment, *await new_contacts(scope, 2))
    await drop_the_log()
    with pytest.raises(NotInLog, match="too old"):
        async with readers.next_page(scope, MEMBERS, GREETER, 10):
            pass
    assert await readers.find_position(scope, MEMBERS, GREETER) == 0


# ---------------------------------------------------------------- killed


@pytest.mark.slow
async def test_a_worker_killed_at_any_line_has_each_effect_once(scope, database):
    await happened(scope, 2)
    command = [sys.executable, "-m", "tests.models.changelog.greeter", database, str(scope.workspace_id)]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    lives = int((await process.communicate())[0])
    assert lives > 20
    for line in range(1, lives + 1):
        reader = StoredReader("greeter", line)

        async def is_done(reader=reader):  # the server may not have noticed yet that the process is gone
            await read_all(scope, reader)
            return await readers.find_position(scope, EVENTS, reader) == 2

        await eventually(is_done)
        assert await effects(reader) == [1, 2], f"killed at line {line}"


async def test_workers_killed_at_random_beside_writers_have_each_effect_once(scope):
    await readers.start(scope, EVENTS, GREETER)
    random, total = Random(11), 60

    async def work():
        for life in count(1):  # where the machine is busy, the first are too short to do anything
            reading = apart(read_all(scope, GREETER, 3))
            await asyncio.wait([reading], timeout=random.random() * (1 + life / 50) / 50)
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            if len(await effects(GREETER)) == total:
                return

    workers = [apart(work()) for _ in range(4)]
    await asyncio.gather(*(apart(happened(scope, total // 4)) for _ in range(4)))
    await asyncio.gather(*workers)
    assert await effects(GREETER) == list(range(1, total + 1))
