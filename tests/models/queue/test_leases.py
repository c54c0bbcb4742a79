"""Leases: one holder at a time, for a while, with so many attempts. The same for every table that is leased."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

import pytest

from models import clock, db
from models.accounts import workspaces
from models.queue import inbox, jobs, leases, requests, running_jobs, workspace_leases
from models.queue.leases import Lease, LeasedTable, LeaseLost, Writes
from models.queue.requests import ProviderRequestKind
from permissions.principal import Scope
from tests.kit.killing import Killed, killed_after


async def a_job(scope: Scope) -> int:
    return (await jobs.create(scope, jobs.JobKind.EXPORT, {})).id


async def a_request(scope: Scope) -> int:
    return (await requests.ask(scope, ProviderRequestKind.SYNC_TEMPLATES)).id


async def a_test_send(scope: Scope) -> int:
    return (await requests.ask(scope, ProviderRequestKind.TEST)).id


async def a_webhook(scope: Scope) -> int:
    await inbox.put([(scope.workspace_id, 1, b"{}")])
    webhook_id: int = await db.fetch_value("SELECT max(id) FROM webhook_inbox")
    return webhook_id


async def a_name(scope: Scope) -> str:
    name = f"thing {await db.fetch_value('SELECT count(*) FROM workspace_leases')}"
    await db.execute("INSERT INTO workspace_leases (workspace_id, name) VALUES ($1, $2)", scope.workspace_id, name)
    return name


@dataclass(frozen=True)
class Kind:
    """A table that is leased, how to make a row of it, and how often such a row may be taken."""

    table: LeasedTable
    make: Callable[[Scope], Awaitable[int | str]]
    attempts: int | None


KINDS = {
    "job": Kind(running_jobs.LEASES, a_job, running_jobs.MAX_ATTEMPTS),
    "request": Kind(requests.LEASES, a_request, requests.MAX_ATTEMPTS),
    "test send": Kind(requests.LEASES, a_test_send, 1),
    "webhook": Kind(inbox.LEASES, a_webhook, inbox.MAX_ATTEMPTS),
    "name": Kind(workspace_leases.LEASES, a_name, None),
}
AGAIN = [name for name, kind in KINDS.items() if kind.attempts != 1]


class World:
    """A workspace, a clock that a test moves, and rows of one table."""

    def __init__(self, scope: Scope, kind: Kind) -> None:
        self.scope, self.kind, self.table = scope, kind, kind.table
        self.workspace_id = scope.workspace_id
        self._now: datetime = clock.now()
        clock.set_source(lambda: self._now)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self._now += timedelta(seconds=seconds)

    def run_out(self) -> None:
        """Let a lease taken or renewed just now run out."""
        self.wait(self.table.seconds + 0.001)

    async def row(self) -> int | str:
        """A new row."""
        return await self.kind.make(self.scope)

    async def find(self, key: int | str) -> Lease | None:
        """The row's lease, if it can be taken now."""
        return await leases.take(self.table, self.workspace_id, key)

    async def take(self, key: int | str) -> Lease:
        """The row's lease, which can be taken now."""
        lease = await self.find(key)
        assert lease is not None
        return lease

    async def stored(self, key: int | str) -> db.Record:
        """The row."""
        row = await db.fetch_row(
            f"SELECT * FROM {self.table.name} WHERE workspace_id = $1 AND {self.table.key} = $2",
            self.workspace_id,
            key,
        )
        assert row is not None
        return row


@pytest.fixture
async def world(database: str, request: pytest.FixtureRequest) -> World:
    return World(await workspaces.create("Clinic"), KINDS[request.param])


def each_table(names: list[str] | None = None) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("world", names or list(KINDS), indirect=True)


# ---------------------------------------------------------------- one holder


@each_table()
async def test_of_many_workers_one_takes_a_row(world: World):
    key = await world.row()
    taken = await asyncio.gather(*(world.find(key) for _ in range(8)))
    assert [lease.attempts for lease in taken if lease is not None] == [1]


@each_table()
async def test_of_many_workers_that_take_some_rows_no_two_take_the_same(world: World):
    keys = [await world.row() for _ in range(20)]
    handfuls = await asyncio.gather(*(leases.take_some(world.table, world.workspace_id, 6) for _ in range(8)))
    taken = [lease.key for handful in handfuls for lease in handful]
    assert len(taken) == len(set(taken))
    taken += [lease.key for lease in await leases.take_some(world.table, world.workspace_id, 20)]
    assert sorted(taken, key=str) == sorted(keys, key=str)
    assert all(len(handful) <= 6 for handful in handfuls)


@each_table()
async def test_rows_are_taken_in_the_order_of_their_table(world: World):
    keys = [await world.row() for _ in range(5)]
    assert [lease.key for lease in await leases.take_some(world.table, world.workspace_id, 3)] == keys[:3]
    assert [lease.key for lease in await leases.take_some(world.table, world.workspace_id, 3)] == keys[3:]


@each_table()
async def test_rows_of_another_workspace_are_not_there(world: World):
    key, other = await world.row(), await workspaces.create("Other")
    assert await leases.take(world.table, other.workspace_id, key) is None
    assert await leases.take_some(world.table, other.workspace_id, 10) == []
    await world.take(key)


# ---------------------------------------------------------------- for a while


@each_table(AGAIN)
async def test_a_row_is_taken_over_when_its_lease_has_run_out_and_not_before(world: World):
    key = await world.row()
    await world.take(key)
    world.wait(world.table.seconds - 0.001)
    assert await world.find(key) is None
    world.wait(0.002)
    assert (await world.take(key)).attempts == 2


@each_table()
async def test_a_lease_that_is_renewed_in_time_is_kept(world: World):
    key = await world.row()
    lease = await world.take(key)
    for _ in range(5):
        world.wait(world.table.seconds * 0.9)
        await leases.renew(lease)
    assert await world.find(key) is None
    assert (await world.stored(key))["attempts"] == 1


@each_table(AGAIN)
async def test_a_worker_that_lost_its_lease_writes_nothing_more(world: World):
    key = await world.row()
    old = await world.take(key)
    world.run_out()
    new = await world.take(key)
    before = await world.stored(key)
    with pytest.raises(LeaseLost):
        await leases.renew(old)
    assert not await leases.release(old)
    assert not await leases.fail(old, 60)
    assert await leases.finish(old, Writes()) is None
    assert await world.stored(key) == before
    await leases.renew(new)


@each_table(AGAIN)
async def test_what_a_worker_does_with_a_lost_lease_is_not_committed(world: World):
    key = await world.row()
    old = await world.take(key)
    world.run_out()
    await world.take(key)
    with pytest.raises(LeaseLost):
        async with db.transaction():
            await db.execute("UPDATE workspaces SET name = 'changed'")
            await leases.renew(old)
    assert await db.fetch_value("SELECT name FROM workspaces") == "Clinic"


@each_table()
async def test_a_lease_that_ran_out_and_that_nobody_took_over_can_still_be_renewed(world: World):
    lease = await world.take(await world.row())
    world.run_out()
    await leases.renew(lease)
    assert await world.find(lease.key) is None


# ---------------------------------------------------------------- let go


@each_table()
async def test_a_released_row_is_free_at_once_and_the_attempt_does_not_count(world: World):
    key = await world.row()
    for _ in range(10):
        lease = await world.take(key)
        assert lease.attempts == 1
        assert await leases.release(lease)
    assert (await world.stored(key))["attempts"] == 0


@each_table(AGAIN)
async def test_a_failed_attempt_counts_and_the_row_waits(world: World):
    key = await world.row()
    assert await leases.fail(await world.take(key), 5)
    world.wait(4.999)
    assert await world.find(key) is None
    world.wait(0.002)
    assert (await world.take(key)).attempts == 2


@each_table()
async def test_a_released_lease_holds_nothing(world: World):
    key = await world.row()
    lease = await world.take(key)
    await leases.release(lease)
    with pytest.raises(LeaseLost):
        await leases.renew(lease)


@each_table()
async def test_a_lease_whose_answer_was_lost_can_be_released_by_its_token(world: World):
    key, token = await world.row(), leases.new_token()
    await leases.take(world.table, world.workspace_id, key, token=token)
    assert await leases.release(Lease(world.table, world.workspace_id, key, token))
    assert (await world.take(key)).attempts == 1


# ---------------------------------------------------------------- attempts


async def use_up(world: World, key: int | str, end: Callable[[Lease], Awaitable[object]] | None) -> None:
    """Take the row as often as it may be; each time the worker dies, or `end` says how it fails."""
    for attempt in range(1, (world.kind.attempts or 20) + 1):
        lease = await world.take(key)
        assert lease.attempts == attempt
        if end is not None:
            await end(lease)
        world.run_out()


@each_table()
@pytest.mark.parametrize("end", [None, leases.fail])
async def test_a_row_without_attempts_left_is_given_up_as_its_table_says(world: World, end):
    key = await world.row()
    await use_up(world, key, end)
    if world.kind.attempts is None:
        assert (await world.take(key)).attempts == 21
        return
    assert await world.find(key) is None
    assert await leases.take_some(world.table, world.workspace_id, 10) == []
    row, given_up = await world.stored(key), world.table.given_up
    if given_up is None:
        assert row["attempts"] == world.kind.attempts
    else:
        assert {column: row[column] for column in given_up.values} == dict(given_up.values)
        assert (row["leased_until"], row["finished_at"]) == (None, clock.now())


@each_table()
async def test_a_row_with_attempts_left_or_a_holder_is_not_given_up(world: World):
    key = await world.row()
    assert not await leases.give_up(world.table, world.workspace_id, key)
    lease = await world.take(key)
    assert not await leases.give_up(world.table, world.workspace_id, key)
    await leases.renew(lease)


# ---------------------------------------------------------------- held by a transaction


@each_table()
async def test_locked_rows_are_skipped_and_free_after_a_rollback(world: World):
    keys = [await world.row() for _ in range(4)]

    async def locked(most: int) -> list[int | str]:
        return [row[0] for row in await leases.lock_some(world.table, world.workspace_id, most, world.table.key)]

    async def elsewhere() -> list[int | str]:
        async with db.transaction():
            one_by_one = [key for key in keys if await leases.lock(world.table, world.workspace_id, key)]
        async with db.transaction():
            assert await locked(10) == one_by_one
        return one_by_one

    held = asyncio.Event()
    seen = asyncio.Event()

    async def dies() -> None:
        async with db.transaction():
            assert await locked(2) == keys[:2]
            held.set()
            await seen.wait()
            raise RuntimeError("killed")

    dying = asyncio.create_task(dies())
    await held.wait()
    assert await elsewhere() == keys[2:]
    seen.set()
    with suppress(RuntimeError):
        await dying
    assert await elsewhere() == keys
    assert (await world.stored(keys[0]))["attempts"] == 0


# ---------------------------------------------------------------- killed


@each_table(AGAIN)
async def test_a_worker_that_is_killed_at_any_statement_leaves_all_of_its_work_or_none(world: World):
    """Then another one does what is left, so that it is done once."""

    async def work(key: int | str) -> None:
        async with db.transaction():
            lease = await leases.take(world.table, world.workspace_id, key)
        if lease is None:
            return
        await leases.renew(lease)
        async with db.transaction():
            await db.execute("UPDATE workspaces SET name = name || '.'")
            if await leases.finish(lease, Writes()) is None:
                raise LeaseLost("not ours")

    for statements in count():
        key = await world.row()
        await db.execute("UPDATE workspaces SET name = ''")
        try:
            with killed_after(statements):
                await work(key)
            break
        except Killed:
            world.run_out()
            done = len(await db.fetch_value("SELECT name FROM workspaces"))
            assert done == ((await world.stored(key))["lease_token"] is None and statements > 1)
            if not done:
                await work(key)
            assert await db.fetch_value("SELECT name FROM workspaces") == "."
    assert statements >= 4


@each_table(AGAIN)
async def test_a_worker_that_is_killed_while_it_takes_some_rows_takes_all_of_them_or_none(world: World):
    for _ in range(3):
        await world.row()
    for statements in count():
        try:
            with killed_after(statements):
                await leases.take_some(world.table, world.workspace_id, 10)
            break
        except Killed:
            assert await db.fetch_value(f"SELECT sum(attempts) FROM {world.table.name}") == 0
    assert statements == 2
    assert await db.fetch_value(f"SELECT sum(attempts) FROM {world.table.name}") == 3
