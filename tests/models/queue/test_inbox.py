"""The inbox: a webhook stays until it was processed, and one that nobody can process is kept for a person."""

import asyncio
import contextvars

import pytest

from models import db
from models.accounts import workspaces
from models.queue import failed_webhooks, inbox
from models.queue.inbox import InboundWebhook
from permissions.principal import Scope


@pytest.fixture
async def scope(database: str) -> Scope:
    return await workspaces.create("Clinic")


async def fails(_: list[InboundWebhook]) -> None:
    raise RuntimeError("no")


async def test_a_webhook_stays_until_it_was_processed(scope: Scope):
    await inbox.put([(scope.workspace_id, 1, b"one"), (scope.workspace_id, 1, b"two")])
    assert await inbox.waiting() == [scope.workspace_id]
    assert await inbox.has(scope.workspace_id)
    seen: list[bytes] = []

    async def reads(webhooks: list[InboundWebhook]) -> None:
        seen.extend(one.body for one in webhooks)

    with pytest.raises(RuntimeError):
        await inbox.process(scope.workspace_id, 10, fails)
    assert await inbox.process(scope.workspace_id, 10, reads) == 2
    assert seen == [b"one", b"two"]
    assert await inbox.process(scope.workspace_id, 10, reads) == 0
    assert await inbox.waiting() == []
    assert not await inbox.has(scope.workspace_id)


async def test_webhooks_that_failed_together_cost_none_of_them_an_attempt(scope: Scope):
    await inbox.put([(scope.workspace_id, 1, b"one"), (scope.workspace_id, 1, b"two")])
    for _ in range(inbox.MAX_ATTEMPTS + 1):
        with pytest.raises(RuntimeError):
            await inbox.process(scope.workspace_id, 10, fails)
    assert await db.fetch_value("SELECT max(attempts) FROM webhook_inbox") == 0


async def test_a_webhook_that_cannot_be_processed_is_given_up_and_kept(scope: Scope):
    await inbox.put([(scope.workspace_id, 1, b"odd")])
    for _ in range(inbox.MAX_ATTEMPTS):
        with pytest.raises(inbox.Unprocessable):
            await inbox.process(scope.workspace_id, 1, fails)
    assert await inbox.waiting() == []
    assert await db.fetch_value("SELECT count(*) FROM webhook_inbox") == 0
    (kept,) = await failed_webhooks.newest_first(scope, 10)
    assert (kept["item"], kept["body"], kept["error"], kept["reason"], kept["attempts"]) == (
        "webhook",
        b"odd",
        "RuntimeError",
        "no",
        inbox.MAX_ATTEMPTS,
    )


async def test_a_failed_webhook_goes_behind_the_others(scope: Scope):
    await inbox.put([(scope.workspace_id, 1, b"odd"), (scope.workspace_id, 1, b"even")])
    with pytest.raises(inbox.Unprocessable):
        await inbox.process(scope.workspace_id, 1, fails)
    seen: list[bytes] = []

    async def reads(webhooks: list[InboundWebhook]) -> None:
        seen.extend(one.body for one in webhooks)

    assert await inbox.process(scope.workspace_id, 1, reads) == 1
    assert seen == [b"even"]


async def test_one_worker_at_a_time_processes_the_webhooks_of_a_workspace_and_a_dead_one_blocks_nobody(scope: Scope):
    other = await workspaces.create("Other")
    await inbox.put(
        [(scope.workspace_id, 1, b"one"), (scope.workspace_id, 1, b"two"), (other.workspace_id, 1, b"three")]
    )
    busy: list[int | None] = []

    async def reads(_: list[InboundWebhook]) -> None:
        pass

    async def elsewhere(workspace_id: int) -> int | None:
        return await asyncio.create_task(inbox.process(workspace_id, 1, reads), context=contextvars.Context())

    async def dies(_: list[InboundWebhook]) -> None:
        busy.append(await elsewhere(scope.workspace_id))
        busy.append(await elsewhere(other.workspace_id))
        raise RuntimeError("killed")

    await inbox.process(scope.workspace_id, 0, reads)  # from then on there is a row to hold
    with pytest.raises(RuntimeError):
        await inbox.process(scope.workspace_id, 2, dies)
    assert busy == [None, 1]
    assert await inbox.process(scope.workspace_id, 2, reads) == 2
