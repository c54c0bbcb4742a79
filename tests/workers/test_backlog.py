"""What waits is measured for Prometheus."""

import asyncio
from datetime import timedelta

import pytest
from prometheus_client import REGISTRY

from models import clock, db
from models.contacts.create import create_contact
from models.membership import dirty_contacts
from models.queue import failed_webhooks, inbox, jobs
from models.queue.failed_webhooks import WHOLE, failure_of
from models.queue.jobs import JobKind
from models.queue.work import Queue
from tests.kit.engine import settled
from tests.kit.workspaces import new_workspace
from workers.backlog import measure_backlog
from workers.context import WorkerConfig, WorkerContext

NAMES = ("engine_lag_seconds", "jobs_waiting", "jobs_oldest_seconds", "webhooks_waiting", "webhooks_oldest_seconds")


@pytest.fixture
async def context(database: str, redis_url: str, broker) -> WorkerContext:
    return WorkerContext(Queue.BULK, WorkerConfig(database, redis_url), broker, asyncio.Event())


async def measured(context: WorkerContext) -> dict[str, float]:
    await measure_backlog(context)
    return {name: REGISTRY.get_sample_value(f"muster_{name}") or 0.0 for name in NAMES}


async def test_nothing_waits_in_an_empty_installation(context: WorkerContext) -> None:
    assert set((await measured(context)).values()) == {0.0}


async def test_what_waits_is_counted_with_the_age_of_the_oldest(context: WorkerContext) -> None:
    scope, other = await new_workspace(), await new_workspace()
    for one in (scope, other):
        await create_contact(one, {"external_id": "a"})
        await jobs.create(one, JobKind.EXPORT, {})
        await inbox.put([(one.workspace_id, 1, b"{}")])
    await failed_webhooks.keep(scope.workspace_id, [failure_of(ValueError(), 1, WHOLE, b"{}", 5, clock.now())])
    now = clock.now() + timedelta(minutes=5)
    clock.set_source(lambda: now)
    found = await measured(context)
    assert (found["jobs_waiting"], found["webhooks_waiting"]) == (2, 2)
    assert all(299 < found[name] < 330 for name in NAMES if name.endswith("seconds")), found
    assert REGISTRY.get_sample_value("muster_webhook_failures_kept") == 1


async def test_the_oldest_mark_is_that_of_a_person_or_of_bulk_work(database: str) -> None:
    scope = await new_workspace()
    assert await dirty_contacts.oldest(scope.workspace_id) is None
    async with db.transaction(), dirty_contacts.as_bulk():
        await create_contact(scope, {"external_id": "a"})
    await create_contact(scope, {"external_id": "b"})
    first = await db.fetch_value("SELECT min(marked_at) FROM dirty_contacts")
    assert await dirty_contacts.oldest(scope.workspace_id) == first
    await settled(scope)
    assert await dirty_contacts.oldest(scope.workspace_id) is None
