"""What is kept no longer is dropped, as the settings say."""

import asyncio
from datetime import timedelta

import pytest

from models import clock, db
from models.contacts.activities import NewActivity, record
from models.contacts.create import create_contact
from models.queue import jobs
from models.queue.jobs import JobKind
from models.queue.work import Queue
from tests.kit.workspaces import new_workspace
from workers import retention
from workers.context import WorkerConfig, WorkerContext


def context_of(database: str, redis_url: str, broker, **kept: int) -> WorkerContext:
    return WorkerContext(Queue.BULK, WorkerConfig(database, redis_url, **kept), broker, asyncio.Event())


@pytest.fixture
async def old_things(database: str) -> None:
    scope = await new_workspace()
    contact = await create_contact(scope, {"external_id": "a"})
    moment = clock.now() - timedelta(days=3000)
    await record(scope, [NewActivity("visit", contact["id"], None, moment)])
    await jobs.create(scope, JobKind.EXPORT, {})
    await db.execute("UPDATE jobs SET status = 'SUCCEEDED', created_at = $1, finished_at = $1", moment)


async def left() -> tuple[int, int]:
    return await db.fetch_value("SELECT count(*) FROM activities"), await db.fetch_value("SELECT count(*) FROM jobs")


@pytest.mark.usefixtures("old_things")
async def test_by_default_activities_are_kept_for_good_and_jobs_for_a_year(database, redis_url, broker) -> None:
    for task in retention.PERIODIC_TASKS:
        await task.run(context_of(database, redis_url, broker))
    assert await left() == (1, 0)


@pytest.mark.usefixtures("old_things")
async def test_activities_are_dropped_when_a_setting_says_so(database, redis_url, broker) -> None:
    await retention.drop_old_activities(context_of(database, redis_url, broker, activity_days=365))
    assert await left() == (0, 1)


@pytest.mark.usefixtures("old_things")
async def test_a_worker_that_stops_begins_no_further_chunk(database, redis_url, broker) -> None:
    context = context_of(database, redis_url, broker, activity_days=365)
    context.stopping.set()
    for task in retention.PERIODIC_TASKS:
        await task.run(context)
    assert await left() == (1, 1)
