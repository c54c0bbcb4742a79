"""An import runs chunk by chunk, with its progress saved."""

import pytest

from models import db
from models.contacts import fields as contact_fields
from models.errors import Invalid
from models.queue import jobs, running_jobs
from models.queue.jobs import Job, JobStatus
from models.queue.work import Queue
from models.transfers.imports import run
from permissions.principal import Scope
from tests.kit.segments import static_segment
from tests.kit.transfers import (
    counts,
    everyone,
    fields_of_every_type,
    started,
    undone,
    with_files,
)
from tests.kit.workers import eventually, running_worker
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


def rows(count: int) -> str:
    return "email\n" + "".join(f"{n}@x.org\n" for n in range(count))


async def test_total_is_known_first_and_done_grows_with_each_chunk(scope, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_ROWS", 10)
    held = await running_jobs.take(scope.workspace_id, (await started(scope, rows(25))).id)
    progress = [(held.done, held.total) async for _ in run.carry_on(scope, held)]
    assert progress == [(0, 25), (10, 25), (20, 25), (25, 25)]


async def test_a_cancelled_import_stops_after_a_chunk_and_can_be_undone(scope, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_ROWS", 10)
    segment = await static_segment(scope)
    job = await started(scope, rows(35), add_to_segment_id=segment.id)
    held = await running_jobs.take(scope.workspace_id, job.id)
    steps = run.carry_on(scope, held)
    while held.done < 20:
        await anext(steps)
    await jobs.ask_cancel(scope, job.id)
    await running_jobs.renew(held)
    await steps.aclose()
    await running_jobs.cancelled(held)
    ended = await Job.get(id=job.id)
    assert (ended.status, ended.done, ended.total, counts(ended)) == (JobStatus.CANCELLED, 20, 35, {"created": 20})
    assert len(await everyone(scope, "id")) == 20
    assert await db.fetch_value("SELECT active FROM segment_uses") is False
    await undone(scope, ended)
    assert await everyone(scope, "id") == []


async def test_a_small_import_does_not_wait_for_large_ones_of_another_workspace(
    scope, database, redis_url, file_folder
):
    large = [await started(scope, rows(20_000)) for _ in range(4)]
    small = await started(await new_workspace("Small"), rows(100))
    setup = with_files(file_folder, chunk_rows=500) + "\nfrom workers import jobs\njobs.STINT_SECONDS = 0.3\n"

    async def has_ended(job: Job) -> bool:
        return (await Job.get(id=job.id)).finished_at is not None

    async with running_worker(Queue.BULK, database, redis_url, setup):
        await eventually(lambda: has_ended(small), 30)
        waiting = [job for job in large if not await has_ended(job)]
        assert len(waiting) == 4
        for job in large:
            await jobs.ask_cancel(scope, job.id)


async def test_an_import_fails_when_a_field_was_deleted_before_it_ran(scope):
    await fields_of_every_type(scope)
    job = await started(scope, "email,attributes.text\na@x.org,hello\n")
    field = next(one for one in await contact_fields.every(scope) if one.key == "text")
    await contact_fields.delete(scope, field.id)
    held = await running_jobs.take(scope.workspace_id, job.id)
    with pytest.raises(Exception, match="there is no field 'attributes.text'"):
        async for _ in run.carry_on(scope, held):
            pass
    assert await everyone(scope, "email") == []


async def test_an_import_fails_when_a_field_is_deleted_between_two_chunks(scope, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_ROWS", 1)
    await fields_of_every_type(scope)
    job = await started(scope, "email,attributes.text\na@x.org,hello\nb@x.org,hello\n")
    held = await running_jobs.take(scope.workspace_id, job.id)
    with pytest.raises(Invalid, match="the custom field 'text' was deleted or changed"):
        async for _ in run.carry_on(scope, held):
            if held.done == 1:
                field = next(one for one in await contact_fields.every(scope) if one.key == "text")
                await contact_fields.delete(scope, field.id)
    assert await everyone(scope, "email") == [("a@x.org",)]
