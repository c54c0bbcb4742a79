"""The steps of jobs of the kind WORKFLOW_CONTACTS: each one chunk, in one transaction under the lock of the engine."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from models import db
from models.contacts import selections
from models.queue import running_jobs, work
from models.queue.enqueue import enqueue
from models.queue.jobs import Job
from models.values.instants import read_instant
from models.workflows import batches, engine_lock
from models.workflows.lifecycle import commands, contacts, late
from models.workflows.lifecycle.contacts import Moved
from models.workflows.publishing import moving
from models.workflows.publishing.moving import Progress
from models.workflows.states import EnrollmentState
from permissions.principal import Scope

CHUNK: Final = 5_000
"""Contacts of a transaction that walks."""


async def process_step(scope: Scope, job: Job) -> bool:
    """Returns False when nothing is left."""
    assert job.workflow_id is not None
    return await _STEPS[job.input["action"]](scope, job, job.workflow_id)


# ---------------------------------------------------------------- contacts that people name


async def _add(scope: Scope, job: Job, workflow_id: int) -> bool:
    ids = await _selected(scope, job)
    async with batches.moving(scope.workspace_id) as run:
        given = job.input
        changed = await contacts.enter_some(run, workflow_id, given["trigger"], ids, given["nodeKey"], job.created_at)
        await _progress(job, ids, changed)
    return bool(ids)


async def _remove(scope: Scope, job: Job, workflow_id: int) -> bool:
    ids = await _selected(scope, job)
    async with batches.moving(scope.workspace_id) as run:
        await _progress(job, ids, await contacts.remove_some(run, workflow_id, ids))
    return bool(ids)


async def _selected(scope: Scope, job: Job) -> list[int]:
    selection = selections.from_json(job.input["selection"])
    if job.total is None:
        await running_jobs.progress(job, total=await selections.count(scope, selection))
    return await selections.ids_after(scope, selection, job.progress.get("after", 0), CHUNK)


async def _move(scope: Scope, job: Job, workflow_id: int) -> bool:
    given = job.input
    state = None if given["state"] is None else EnrollmentState(given["state"])
    moved = Moved(workflow_id, given["fromKey"], given["toKey"], state, read_instant(given["until"]))
    ids = await contacts.ids_at(scope, moved, given["node"], job.progress.get("after", 0), CHUNK)
    async with batches.moving(scope.workspace_id) as run:
        await _progress(job, ids, await contacts.move_some(run, moved, ids))
    return bool(ids)


async def _existing(scope: Scope, job: Job, workflow_id: int) -> bool:
    """The members of each segment that lets in, segment by segment."""
    index, segments = job.progress.get("segment", 0), job.input["segments"]
    if index == len(segments):
        return False
    trigger, segment_id = segments[index]
    rows = await db.fetch(_MEMBERS, scope.workspace_id, segment_id, job.progress.get("after", 0), CHUNK)
    ids = [row["contact_id"] for row in rows]
    async with batches.moving(scope.workspace_id) as run:
        since = read_instant(job.input["since"])
        changed = await contacts.enter_some(run, workflow_id, trigger, ids, since=since)
        following = {} if ids else {"segment": index + 1, "after": 0}
        await _progress(job, ids, changed, **following)
    return True


_MEMBERS = """
SELECT contact_id FROM memberships
WHERE workspace_id = $1 AND segment_id = $2 AND contact_id > $3 ORDER BY contact_id LIMIT $4
"""


async def _progress(job: Job, ids: list[int], changed: int, **more: Any) -> None:
    done = job.done + len(ids)
    after = {"after": ids[-1]} if ids else {}
    total = None if job.total is None else max(job.total, done)
    counted = {"changed": job.progress.get("changed", 0) + changed}
    await running_jobs.progress(job, done=done, total=total, progress={**job.progress, **after, **counted, **more})


# ---------------------------------------------------------------- what follows from a publish, a resume, an archive


async def _publish(scope: Scope, job: Job, workflow_id: int) -> bool:
    whole = moving.from_json(workflow_id, job.input)
    at = Progress(**job.progress.get("at", {}))
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        following = await moving.change_chunk(scope, whole, at, lock.now)
        await engine_lock.bring_forward(scope.workspace_id, lock.now)
        done = (job.total or 0) if following is None else following.done
        came = {} if following is None else {"at": asdict(following)}
        await running_jobs.progress(job, done=done, total=max(job.total or 0, done), progress={**came, "changed": done})
        await enqueue(work.PROCESS_WORKFLOWS, scope.workspace_id)
    return following is not None


async def _archive(scope: Scope, job: Job, workflow_id: int) -> bool:
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        ended = await commands.end_some(scope, workflow_id, lock.now, CHUNK)
        await _progress_by(job, ended)
    return ended > 0


async def _resume(scope: Scope, job: Job, workflow_id: int) -> bool:
    async with db.transaction():
        lock = await engine_lock.take(scope.workspace_id)
        dealt = await late.deal_with_some(scope, workflow_id, late.from_json(job.input), lock.now, CHUNK)
        await _progress_by(job, dealt)
        if not dealt:
            await commands.go_on(scope, workflow_id, lock.now)
    return dealt > 0


async def _progress_by(job: Job, changed: int) -> None:
    done = job.done + changed
    await running_jobs.progress(job, done=done, total=max(job.total or 0, done), progress={"changed": done})


_STEPS: Final[Mapping[str, Callable[[Scope, Job, int], Awaitable[bool]]]] = {
    "ADD": _add,
    "REMOVE": _remove,
    "MOVE": _move,
    "EXISTING": _existing,
    "PUBLISH": _publish,
    "ARCHIVE": _archive,
    "RESUME": _resume,
}
