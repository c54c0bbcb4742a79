"""Work is sent once its transaction has committed, and never fails who enqueued it."""

import asyncio
import inspect
import time

import pytest
from prometheus_client import REGISTRY

from models import db
from models.queue import enqueue as port
from models.queue import work
from models.queue.enqueue import enqueue
from models.queue.work import Work
from tests.kit.queue import RecordingSender
from workers import runner
from workers.context import Task


@pytest.fixture
def sender() -> RecordingSender:
    sender = RecordingSender()
    port.use(sender)
    return sender


class Broken:
    async def send(self, messages):
        raise OSError("no way")


class Hanging:
    """Sends nothing until it is let."""

    def __init__(self) -> None:
        self.begun, self.may_go, self.sent = asyncio.Event(), asyncio.Event(), []

    async def send(self, messages):
        self.begun.set()
        await self.may_go.wait()
        self.sent += messages


def lost(work: str) -> float:
    return REGISTRY.get_sample_value("muster_messages_lost_total", {"work": work}) or 0.0


# ---------------------------------------------------------------- when it is sent


async def test_work_is_sent_after_the_commit_and_not_before(database, sender):
    async with db.transaction():
        await enqueue(work.PROCESS_CHANGES, 7)
        await db.execute("SELECT 1")
        assert sender.sent == []
    assert sender.sent == [("process_changes", 7)]


async def test_the_receiver_of_a_message_sees_what_was_written(database):
    seen = []

    class Reading:
        async def send(self, messages):
            seen.append(await db.fetch_value("SELECT count(*) FROM workspaces"))

    port.use(Reading())
    async with db.transaction():
        await enqueue(work.PROCESS_CHANGES, 7)
        await db.execute("INSERT INTO workspaces (name, timezone) VALUES ('Clinic', 'UTC')")
    assert seen == [1]


async def test_without_a_transaction_it_is_sent_at_once(sender):
    await enqueue(work.REBUILD, 7, 12)
    assert sender.sent == [("rebuild", 7, 12)]


async def test_the_same_work_is_sent_once_per_transaction_and_in_order(database, sender):
    async with db.transaction():
        for _ in range(3):
            await enqueue(work.PROCESS_CHANGES, 7)
            await enqueue(work.PROCESS_CHANGES, 8)
            await enqueue(work.REBUILD, 7, 12)
    assert sender.sent == [("process_changes", 7), ("process_changes", 8), ("rebuild", 7, 12)]
    async with db.transaction():
        await enqueue(work.PROCESS_CHANGES, 7)
    assert sender.sent[3:] == [("process_changes", 7)]


async def test_all_of_a_transaction_is_sent_together(database):
    batches = []

    class Counting:
        async def send(self, messages):
            batches.append(len(messages))

    port.use(Counting())
    async with db.transaction():
        await enqueue(work.PROCESS_CHANGES, 7)
        await enqueue(work.REBUILD, 7, 12)
    assert batches == [2]


async def test_an_inner_transaction_waits_for_the_outer_one(database, sender):
    async with db.transaction():
        async with db.transaction():
            await enqueue(work.PROCESS_CHANGES, 7)
        assert sender.sent == []
    assert sender.sent == [("process_changes", 7)]


async def test_what_is_rolled_back_sends_nothing(database, sender):
    with pytest.raises(ZeroDivisionError):
        async with db.transaction():
            async with db.transaction():
                await enqueue(work.PROCESS_CHANGES, 7)
            raise ZeroDivisionError
    async with db.transaction():
        pass
    assert sender.sent == []


async def test_a_commit_that_fails_sends_nothing(database, sender):
    await db.execute("CREATE TABLE late (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
    try:
        with pytest.raises(db.UniqueViolation):
            async with db.transaction():
                await enqueue(work.PROCESS_CHANGES, 7)
                await db.execute("INSERT INTO late VALUES (1), (1)")
    finally:
        await db.execute("DROP TABLE late")
    assert sender.sent == []


async def test_transactions_of_other_tasks_are_not_mixed_up(database, sender):
    async def change(workspace_id, fails):
        async with db.transaction():
            await enqueue(work.PROCESS_CHANGES, workspace_id)
            await db.execute("SELECT pg_sleep(0.05)")
            if fails:
                raise ZeroDivisionError

    await asyncio.gather(*(change(number, number % 2) for number in range(6)), return_exceptions=True)
    assert sorted(sender.sent) == [("process_changes", number) for number in (0, 2, 4)]


# ---------------------------------------------------------------- when it cannot be sent


async def test_without_a_sender_nothing_is_sent_and_nothing_fails(database):
    async with db.transaction():
        await enqueue(work.PROCESS_CHANGES, 7)
    await enqueue(work.PROCESS_CHANGES, 7)


async def test_a_sender_that_fails_does_not_fail_the_caller_and_is_counted(database):
    port.use(Broken())
    before = lost("process_changes"), lost("rebuild")
    async with db.transaction():
        await enqueue(work.PROCESS_CHANGES, 7)
        await enqueue(work.REBUILD, 7, 12)
    await enqueue(work.PROCESS_CHANGES, 7)
    assert (lost("process_changes"), lost("rebuild")) == (before[0] + 2, before[1] + 1)


async def test_a_sender_that_hangs_is_given_up_after_a_second(database):
    port.use(Hanging())
    before, started = lost("process_changes"), time.monotonic()
    async with db.transaction():
        await enqueue(work.PROCESS_CHANGES, 7)
    assert time.monotonic() - started < port.SEND_SECONDS + 0.5
    assert lost("process_changes") == before + 1


async def test_a_caller_cancelled_between_commit_and_sending_ends_and_the_message_is_sent(database):
    sender = Hanging()
    port.use(sender)

    async def change():
        async with db.transaction():
            await enqueue(work.PROCESS_CHANGES, 7)

    changing = asyncio.create_task(change())
    await sender.begun.wait()
    changing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(changing, 0.2)
    sender.may_go.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert len(sender.sent) == 1


async def test_no_connection_is_held_while_it_is_sent(database):
    sender = Hanging()
    port.use(sender)

    async def change():
        async with db.transaction():
            await enqueue(work.PROCESS_CHANGES, 7)

    changing = [asyncio.create_task(change()) for _ in range(30)]  # three times as many as the pool has
    await sender.begun.wait()
    assert await asyncio.wait_for(db.fetch_value("SELECT 1"), 0.5) == 1
    sender.may_go.set()
    await asyncio.gather(*changing)
    assert len(sender.sent) == 30


# ---------------------------------------------------------------- the catalogue

CATALOGUE = [entry for entry in vars(work).values() if isinstance(entry, Work)]
TASKS: list[Task] = [task for module in runner.MODULES for task in getattr(module, "TASKS", ())]


def test_all_work_is_done_by_one_task_and_every_task_does_some():
    assert sorted(one.name for one in CATALOGUE) == sorted(task.name for task in TASKS)
    assert len(CATALOGUE) == len({one.name for one in CATALOGUE})


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_a_task_takes_the_workspace_first(task):
    assert list(inspect.signature(task.run).parameters)[:2] == ["context", "workspace_id"]
