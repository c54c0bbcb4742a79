"""The holder of a lease: it renews while it works, and stops when the lease is lost."""

import asyncio

import pytest

from models import db
from models.accounts import workspaces
from models.queue import workspace_leases
from models.queue.leases import LeaseLost
from permissions.principal import Scope
from workers import leases


class Renewals:
    """Renews as often as it is let; then the lease is lost. `fails`: how often the database is away first."""

    def __init__(self, most: int = 1000, fails: int = 0) -> None:
        self.count, self.most, self.fails = 0, most, fails

    async def __call__(self) -> None:
        if self.fails:
            self.fails -= 1
            raise OSError("the database is away")
        if self.count == self.most:
            raise LeaseLost("another worker has it")
        self.count += 1

    async def reach(self, count: int) -> None:
        """Work that takes as long as so many renewals."""
        async with asyncio.timeout(30):
            while self.count < count:
                await asyncio.sleep(0.001)


@pytest.fixture
async def scope(database: str) -> Scope:
    return await workspaces.create("Clinic")


async def test_a_lease_is_renewed_until_the_work_is_done():
    renewals = Renewals()
    assert await leases.run_while_held(renewals.reach(3), renewals, 0.01)
    assert renewals.count >= 3
    seen = renewals.count
    await asyncio.sleep(0.03)
    assert renewals.count == seen


async def test_work_stops_when_its_lease_is_lost():
    async with asyncio.timeout(5):
        assert not await leases.run_while_held(asyncio.sleep(60), Renewals(most=2), 0.01)


async def test_a_lease_survives_a_database_that_is_away_for_a_moment():
    renewals = Renewals(fails=3)
    assert await leases.run_while_held(renewals.reach(1), renewals, 0.01)
    assert renewals.count >= 1


async def test_what_the_work_raises_is_raised():
    async def work() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await leases.run_while_held(work(), Renewals(), 0.01)


async def test_a_cancellation_cancels_the_work_too():
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    running = asyncio.create_task(leases.run_while_held(work(), Renewals(), 0.01))
    await asyncio.sleep(0.02)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended.is_set()


async def test_of_two_workers_one_holds_a_workspace_lease_and_then_it_is_free(scope: Scope):
    async with (
        leases.held(scope.workspace_id, "sending 0") as first,
        leases.held(scope.workspace_id, "sending 0") as second,
        leases.held(scope.workspace_id, "sending 1") as other,
    ):
        assert (first is None, second is None, other is None) == (False, True, False)
        assert await workspace_leases.held_names(scope.workspace_id) == {"sending 0", "sending 1"}
    assert await workspace_leases.held_names(scope.workspace_id) == set()
    async with leases.held(scope.workspace_id, "sending 0") as again:
        assert again is not None


async def test_a_workspace_lease_is_given_back_when_the_work_fails(scope: Scope):
    with pytest.raises(ValueError, match="no"):
        async with leases.held(scope.workspace_id, "sending 0"):
            raise ValueError("no")
    assert await workspace_leases.held_names(scope.workspace_id) == set()


async def test_the_holder_of_a_workspace_lease_hears_that_it_was_lost(scope: Scope, monkeypatch: pytest.MonkeyPatch):
    short = workspace_leases.LeasedTable("workspace_leases", seconds=0.06, key="name")
    monkeypatch.setattr(workspace_leases, "LEASES", short)
    async with leases.held(scope.workspace_id, "sending 0") as lost:
        assert lost is not None
        await db.execute("UPDATE workspace_leases SET lease_token = 1")
        async with asyncio.timeout(5):
            await lost.wait()
