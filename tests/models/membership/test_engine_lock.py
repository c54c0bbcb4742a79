"""One engine per workspace at a time; and when a tick is due."""

import asyncio
import contextvars
from datetime import UTC, datetime, timedelta

import pytest

from models import db
from models.membership import engine_lock
from models.membership.engine_lock import TICK, EngineLock
from tests.kit.workspaces import new_workspace

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO, A_MOMENT_AGO, SOON = NOW - timedelta(hours=1), NOW - TICK / 2, NOW + TICK


async def _take(workspace_id):
    async with db.transaction():
        await engine_lock.take(workspace_id)


def _in_parallel(coroutine):
    return asyncio.get_running_loop().create_task(coroutine, context=contextvars.Context())


async def test_a_second_engine_of_the_workspace_waits_and_another_workspace_does_not(database):
    scope, other = await new_workspace(), await new_workspace()
    async with db.transaction():
        await engine_lock.take(scope.workspace_id)
        await asyncio.wait_for(_in_parallel(_take(other.workspace_id)), 5)
        second = _in_parallel(_take(scope.workspace_id))
        _, waiting = await asyncio.wait({second}, timeout=0.2)
        assert waiting
    await asyncio.wait_for(second, 5)


async def test_an_engine_gives_up_after_its_patience(database, monkeypatch):
    monkeypatch.setattr(engine_lock, "PATIENCE", "50ms")
    scope = await new_workspace()
    async with db.transaction():
        await engine_lock.take(scope.workspace_id)
        with pytest.raises(db.Busy):
            await _in_parallel(_take(scope.workspace_id))


@pytest.mark.parametrize(
    ("ticked_at", "calm_until", "rules_look_at_time", "due"),
    [
        (None, None, False, False),
        (None, None, True, True),
        (LONG_AGO, None, False, True),
        (LONG_AGO, None, True, True),
        (A_MOMENT_AGO, None, True, False),
        (LONG_AGO, SOON, True, False),
        (LONG_AGO, A_MOMENT_AGO, True, True),
    ],
)
def test_a_tick_is_due_after_a_while_unless_it_is_calm(ticked_at, calm_until, rules_look_at_time, due):
    assert EngineLock(1, NOW, 0, ticked_at, calm_until).is_due(rules_look_at_time) is due
