from datetime import timedelta

from models import clock, db
from models.queue import inbox, old_webhooks
from tests.kit.workspaces import new_workspace

QUARTER = timedelta(days=90)


async def webhook(*, days: int, attempts: int) -> None:
    scope = await new_workspace()
    await inbox.put([(scope.workspace_id, 1, b"{}")])
    moment = clock.now() - timedelta(days=days)
    await db.execute(
        "UPDATE webhook_inbox SET received_at = $2, attempts = $3, leased_until = $2 WHERE workspace_id = $1",
        scope.workspace_id,
        moment,
        attempts,
    )


async def test_only_old_webhooks_without_attempts_are_dropped(database):
    await webhook(days=100, attempts=inbox.MAX_ATTEMPTS)
    await webhook(days=200, attempts=inbox.MAX_ATTEMPTS)
    await webhook(days=80, attempts=inbox.MAX_ATTEMPTS)
    await webhook(days=100, attempts=inbox.MAX_ATTEMPTS - 1)
    before = clock.now() - QUARTER
    assert await old_webhooks.count_older_than(before, 100) == 2
    assert [await old_webhooks.drop_older_than(before, 10) for _ in range(3)] == [1, 1, 0]
    assert await db.fetch_value("SELECT count(*) FROM webhook_inbox") == 2
