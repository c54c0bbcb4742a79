"""Leases of a workspace by name."""

from models import db
from models.queue import leases, workspace_leases
from tests.kit.workspaces import new_workspace


async def test_one_worker_holds_a_name_and_others_hold_other_names(database):
    scope, other = await new_workspace(), await new_workspace()
    first = await workspace_leases.take(scope.workspace_id, "sending 0")
    assert first is not None
    assert await workspace_leases.take(scope.workspace_id, "sending 0") is None
    assert await workspace_leases.take(scope.workspace_id, "sending 1") is not None
    assert await workspace_leases.take(other.workspace_id, "sending 0") is not None
    assert await workspace_leases.held_names(scope.workspace_id) == {"sending 0", "sending 1"}


async def test_a_released_name_can_be_taken_again(database):
    scope = await new_workspace()
    first = await workspace_leases.take(scope.workspace_id, "webhooks")
    assert first is not None
    assert await leases.release(first)
    assert await workspace_leases.held_names(scope.workspace_id) == set()
    assert await workspace_leases.take(scope.workspace_id, "webhooks") is not None


async def test_a_name_is_locked_as_long_as_its_transaction(database):
    scope = await new_workspace()
    async with db.transaction():
        assert await workspace_leases.lock(scope.workspace_id, "webhooks")
    async with db.transaction():
        assert await workspace_leases.lock(scope.workspace_id, "webhooks"), "it is free again"


async def test_a_name_that_somebody_holds_cannot_be_locked(database):
    scope = await new_workspace()
    await workspace_leases.take(scope.workspace_id, "webhooks")
    async with db.transaction():
        assert not await workspace_leases.lock(scope.workspace_id, "webhooks")
