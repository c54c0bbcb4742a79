"""Items of webhooks that failed are kept for people, who try them again or delete them."""

from datetime import timedelta

import pytest

from models import clock, db
from models.queue import failed_webhooks, inbox
from models.queue.failed_webhooks import Failure
from permissions.principal import Scope
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def keep(scope: Scope, *names: str, attempts: int = 1) -> list[int]:
    """Keeps failures with these bodies, and returns their ids."""
    failed = [
        Failure(7, "messages", name.encode(), "KeyError", "odd", attempts, clock.now() - timedelta(days=1))
        for name in names
    ]
    await failed_webhooks.keep(scope.workspace_id, failed)
    return [row["id"] for row in reversed(await failed_webhooks.newest_first(scope, 100))]


async def test_failures_are_listed_newest_first_in_pages(scope: Scope):
    ids = await keep(scope, "a", "b", "c")
    other = await new_workspace("Other")
    await keep(other, "theirs")
    assert [row["id"] for row in await failed_webhooks.newest_first(scope, 2)] == [ids[2], ids[1]]
    assert [row["body"] for row in await failed_webhooks.newest_first(scope, 2, ids[1])] == [b"a"]
    assert [row["id"] for row in await failed_webhooks.by_ids(other, ids)] == []
    assert await failed_webhooks.count(scope) == 3
    assert await failed_webhooks.totals() == (4, 2)


async def test_a_failure_that_is_tried_again_waits_in_the_inbox_with_its_attempts(scope: Scope):
    ids = await keep(scope, "a", "b", attempts=9)
    assert await failed_webhooks.retry(scope, ids[:1]) == 1
    (waits,) = await db.fetch(
        "SELECT channel_id, body, attempts, received_at < now() - interval '1 hour' AS old FROM webhook_inbox"
    )
    assert tuple(waits) == (7, b"a", 9, True)
    assert await inbox.has(scope.workspace_id)
    assert await failed_webhooks.retry(scope, None) == 1
    assert await failed_webhooks.count(scope) == 0
    assert await db.fetch_value("SELECT count(*) FROM audit_log WHERE action = 'inbound_webhook_failures_retry'") == 2


async def test_deleted_failures_are_gone_and_those_of_others_stay(scope: Scope):
    ids = await keep(scope, "a", "b")
    theirs = await keep(await new_workspace("Other"), "theirs")
    assert await failed_webhooks.delete(scope, [ids[0], *theirs]) == [ids[0]]
    assert await failed_webhooks.totals() == (2, 2)


def test_a_reason_is_short_and_can_be_stored():
    failure = failed_webhooks.failure_of(ValueError("\x00" + "x" * 5000), 1, "messages", b"", 1, clock.now())
    assert failure.error == "ValueError"
    assert failure.reason.startswith("\ufffdx")
    assert len(failure.reason) == failed_webhooks.LONGEST_REASON
