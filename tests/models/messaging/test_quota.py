"""The count of people in 24 hours is never too low."""

from datetime import timedelta

from models import clock, db
from models.messaging import quota
from models.messaging.pace import PAIR_INTERVAL, QUOTA_WINDOW
from tests.kit.broadcasts import a_sender
from tests.models.messaging.claims import credentials

HOUR = timedelta(hours=1)


async def test_people_leave_the_window_after_a_day(database: str):
    scope = await a_sender(daily_limit=3)
    channel, now = await credentials(scope), clock.now()
    account = (scope.workspace_id, channel.business_account_id)
    await quota.reached(*account, ["+341", "+342"], now - QUOTA_WINDOW + HOUR)
    await quota.reached(*account, ["+342"], now)
    assert await quota.used(*account, now) == 2
    assert await quota.free_at(*account, now) == now + HOUR
    assert await quota.used(*account, now + 2 * HOUR) == 1
    assert await quota.free_at(*account, now + 2 * QUOTA_WINDOW) == now + 2 * QUOTA_WINDOW, "at once"


async def test_the_room_is_the_limit_less_what_was_taken(database: str):
    scope = await a_sender(daily_limit=3)
    channel, now = await credentials(scope), clock.now()
    async with db.transaction():
        assert await quota.room(scope.workspace_id, channel, now) == 3
        await quota.take(scope.workspace_id, channel, 2)
        assert await quota.room(scope.workspace_id, channel, now) == 1
    async with db.transaction():
        later = await quota.room(scope.workspace_id, channel, now + 2 * quota.RECOUNT_AFTER)
        assert later == 3, "counted again: nobody was written to"


async def test_without_a_limit_the_room_is_unbounded(database: str):
    scope = await a_sender(daily_limit=None)
    assert await quota.room(scope.workspace_id, await credentials(scope), clock.now()) is None


async def test_people_who_got_nothing_need_not_wait_but_count_as_reached(database: str):
    scope = await a_sender()
    now = clock.now()
    await quota.reached(scope.workspace_id, "account", ["+341", "+342"], now)
    await quota.not_reached(scope.workspace_id, ["+341"])
    rows = await db.fetch("SELECT reached_at FROM whatsapp_reached ORDER BY phone_key")
    assert [row["reached_at"] for row in rows] == [now - PAIR_INTERVAL, now]
    assert await quota.used(scope.workspace_id, "account", now) == 2


async def test_an_account_is_idle_when_it_has_written_to_nobody_since(database: str):
    scope = await a_sender()
    now = clock.now()
    await quota.reached(scope.workspace_id, "account", ["+341"], now)
    assert await quota.is_idle(scope.workspace_id, "account", now)
    assert not await quota.is_idle(scope.workspace_id, "account", now - HOUR)
    assert await quota.is_idle(scope.workspace_id, "another", now - HOUR)


async def test_old_rows_are_removed_in_every_workspace(database: str):
    one, now = await a_sender(), clock.now()
    for workspace_id in (one.workspace_id, one.workspace_id + 1):
        await quota.reached(workspace_id, "account", ["+341"], now - 2 * QUOTA_WINDOW - HOUR)
        await quota.reached(workspace_id, "account", ["+342"], now - QUOTA_WINDOW)
    assert await quota.forget_old(now) == 2
    assert await quota.forget_old(now) == 0
    assert await db.fetch_value("SELECT count(*) FROM whatsapp_reached") == 2
