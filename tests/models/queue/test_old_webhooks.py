from datetime import timedelta

from models import clock, db
from models.queue import failed_webhooks, inbox, old_webhooks
from models.queue.failed_webhooks import WHOLE, failure_of
from tests.kit.workspaces import new_workspace

QUARTER = timedelta(days=90)


async def failed(*, days: int) -> None:
    scope = await new_workspace()
    now = clock.now()
    clock.set_source(lambda: now - timedelta(days=days))
    await failed_webhooks.keep(scope.workspace_id, [failure_of(ValueError("no"), 1, WHOLE, b"{}", 5, now)])
    clock.set_source(None)


async def test_only_what_failed_long_ago_is_dropped(database):
    for days in (100, 200, 80):
        await failed(days=days)
    scope = await new_workspace()
    await inbox.put([(scope.workspace_id, 1, b"{}")])
    before = clock.now() - QUARTER
    assert await old_webhooks.count_older_than(before, 100) == 2
    assert [await old_webhooks.drop_older_than(before, 10) for _ in range(2)] == [2, 0]
    assert (await failed_webhooks.totals())[0] == 1
    assert await db.fetch_value("SELECT count(*) FROM webhook_inbox") == 1
