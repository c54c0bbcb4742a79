"""Imports and exports whose workers die, race and are doubled: every row once, whatever happens."""

import asyncio
import random

import redis.asyncio

from models import db
from models.contacts.upsert import upsert_contact
from models.queue import running_jobs
from models.queue.jobs import Job, JobStatus
from models.queue.leases import LeaseLost
from models.queue.work import Queue
from models.transfers.exports import export_file
from models.transfers.exports.export_file import Format
from models.transfers.exports.start import start_export
from models.transfers.imports import run
from permissions.principal import Scope
from tests.kit.engine import assert_all_is_right, settled
from tests.kit.segments import many_contacts, static_segment
from tests.kit.transfers import counts, everyone, finished, imported, report_of, snapshot, started, with_files
from tests.kit.workers import eventually, running_worker, start_worker
from tests.kit.workspaces import new_workspace

ROWS = 12_000
CHUNK = 300


def a_file(rows: int) -> str:
    """New, known, repeated, changed and broken rows, mixed; each time the same."""
    chance = random.Random(11)
    lines = ["external_id,email,phone,name,score,tags"]
    for number in range(rows):
        who = number if chance.random() > 0.1 else chance.randrange(number + 1)
        score = "many" if chance.random() < 0.02 else str(number % 7)
        mark = '"' if chance.random() < 0.005 else ""
        lines.append(f"{who},{who}@x.org,+346{who:08},{mark}Name {number},{score},tag {number % 5}")
    return "\n".join(lines) + "\n"


async def with_known_contacts() -> Scope:
    """A workspace that knows every tenth contact of the file."""
    scope = await new_workspace()
    await imported(scope, "external_id,name\n" + "".join(f"{n},Old {n}\n" for n in range(0, ROWS, 10)))
    return scope


async def let_the_claim_run_out(job_id: int) -> None:
    """As if the time of the lease had passed."""
    await db.execute("UPDATE jobs SET leased_until = now(), attempts = 0 WHERE id = $1", job_id)


async def killed_after(done: int, job: Job, database: str, redis_url: str, setup: str) -> None:
    """A worker works until the job has passed `done`, and is killed at some moment soon after; Redis is emptied too."""
    worker = await start_worker(Queue.BULK, database, redis_url, setup)
    await eventually(lambda: has_passed(job.id, done), 30)
    await asyncio.sleep(random.Random(done).random() * 0.1)
    await worker.kill()
    await let_the_claim_run_out(job.id)
    async with redis.asyncio.from_url(redis_url) as client:
        await client.flushdb()


async def has_passed(job_id: int, done: int) -> bool:
    job = await Job.get(id=job_id)
    return job.done > done or job.finished_at is not None


async def test_an_import_whose_worker_is_killed_again_and_again_ends_as_if_nothing_had_been(
    database, redis_url, file_folder
):
    undisturbed = await with_known_contacts()
    straight = await imported(undisturbed, a_file(ROWS), overwrite=True)
    scope = await with_known_contacts()
    segment = await static_segment(scope)
    job = await started(scope, a_file(ROWS), overwrite=True, add_to_segment_id=segment.id)
    setup = with_files(file_folder, CHUNK)
    for done in (0, ROWS // 3, ROWS * 2 // 3):
        await killed_after(done, job, database, redis_url, setup)
    async with running_worker(Queue.BULK, database, redis_url, setup):
        await eventually(lambda: has_passed(job.id, ROWS), 30)
    job = await Job.get(id=job.id)
    assert (job.status, job.done, job.total) == (JobStatus.SUCCEEDED, straight.done, straight.total)
    assert counts(job) == counts(straight)
    assert sum(counts(job).values()) == job.done
    assert await report_of(scope, job) == await report_of(undisturbed, straight)
    without_scope = [{**one, "workspace_id": 0} for one in await snapshot(scope)]
    assert without_scope == [{**one, "workspace_id": 0} for one in await snapshot(undisturbed)]
    members = await db.fetch_value("SELECT count(*) FROM memberships WHERE workspace_id = $1", scope.workspace_id)
    assert members == counts(job)["created"] + counts(job)["updated"]
    await settled(scope)
    await assert_all_is_right(scope)


async def test_an_export_whose_worker_is_killed_has_every_contact_once(database, redis_url, file_folder):
    scope = await new_workspace()
    await many_contacts(scope, 60_000)
    job = await start_export(scope, None, ["name"], Format.CSV)
    setup = with_files(file_folder, part_ids=2_000)
    await killed_after(20_000, job, database, redis_url, setup)
    async with running_worker(Queue.BULK, database, redis_url, setup):
        await eventually(lambda: has_passed(job.id, 60_000), 30)
    content = b"".join([block async for block in export_file.blocks(await export_file.get_file(scope, job.id))])
    names = content.decode().splitlines()[1:]
    assert names == [name for (name,) in await everyone(scope, "name")]


async def test_one_import_held_by_two_workers_is_done_once(database, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_ROWS", 100)
    scope = await new_workspace()
    job = await started(scope, a_file(2_000), overwrite=True)
    first = await running_jobs.take(scope.workspace_id, job.id)
    await let_the_claim_run_out(job.id)
    second = await running_jobs.take(scope.workspace_id, job.id)

    async def work(held: Job) -> str:
        try:
            async for _ in run.carry_on(scope, held):
                await asyncio.sleep(0)
        except LeaseLost:
            return "lost"
        await running_jobs.finish(held)
        return "done"

    assert await asyncio.gather(work(first), work(second)) == ["lost", "done"]
    ended = await Job.get(id=job.id)
    straight = await imported(await new_workspace(), a_file(2_000), overwrite=True)
    assert counts(ended) == counts(straight)


async def test_the_same_file_imported_twice_at_once_makes_each_contact_once(database, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_ROWS", 100)
    scope = await new_workspace()
    segment = await static_segment(scope)
    pair = [await started(scope, a_file(2_000), overwrite=True, add_to_segment_id=segment.id) for _ in range(2)]
    first, second = await asyncio.gather(*(finished(scope, job) for job in pair))
    alone = await imported(await new_workspace(), a_file(2_000), overwrite=True)
    for job in (first, second):
        assert sum(counts(job).values()) == alone.total
        assert counts(job)["rejected"] == counts(alone)["rejected"]
    made = sum(counts(job).get("created", 0) for job in (first, second))
    assert made == counts(alone)["created"] == len(await everyone(scope, "id"))
    await settled(scope)
    await assert_all_is_right(scope)


async def test_people_who_write_the_same_contacts_meanwhile_make_no_row_fail(database, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_ROWS", 50)
    scope = await new_workspace()
    job = await started(scope, "email,name\n" + "".join(f"{n}@x.org,Imported\n" for n in range(1_000)), overwrite=True)
    stop = asyncio.Event()

    async def a_person(seed: int) -> None:
        chance = random.Random(seed)
        while not stop.is_set():
            email = f"{chance.randrange(1_000)}@x.org"
            await upsert_contact(scope, {"email": email, "score": seed, "whatsapp_consent": "OPTED_OUT"})

    people = [asyncio.create_task(a_person(seed)) for seed in range(3)]
    ended = await finished(scope, job)
    stop.set()
    await asyncio.gather(*people)
    assert sum(counts(ended).values()) == 1_000
    assert set(counts(ended)) <= {"created", "updated"}
    assert await everyone(scope, "name") == [("Imported",)] * 1_000


async def test_an_import_may_never_lift_an_opt_out_that_comes_at_the_same_moment(database, monkeypatch):
    monkeypatch.setattr(run, "CHUNK_ROWS", 20)
    scope = await new_workspace()
    everybody = range(400)
    await imported(scope, "email\n" + "".join(f"{n}@x.org\n" for n in everybody))
    rows = "".join(f"{n}@x.org,OPTED_IN\n" for n in everybody)
    job = await started(scope, f"email,whatsapp_consent\n{rows}", overwrite=True)

    async def opt_out(number: int) -> None:
        await db.execute("UPDATE contacts SET whatsapp_consent = 'OPTED_OUT' WHERE email = $1", f"{number}@x.org")

    async def all_opt_out() -> None:
        for number in random.Random(5).sample(everybody, 400):
            await opt_out(number)

    await asyncio.gather(finished(scope, job), all_opt_out())
    assert await everyone(scope, "whatsapp_consent") == [("OPTED_OUT",)] * 400
