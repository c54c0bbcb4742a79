"""Replaces a whole audience in one session, whatever is there now: what heals any doubt.

While the session may be running the ledger stands still: each batch is chosen again in the same way, and nothing else is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.destinations.audiences import audiences, ledger, runs
from models.destinations.audiences.audiences import AudienceStatus
from models.destinations.audiences.ledger import Due, Entry, State
from models.destinations.audiences.runs import Run
from models.destinations.audiences.sending import ROWS_AT_ONCE
from models.errors import NotAllowedInState
from models.queue import jobs, leases, running_jobs
from models.queue.jobs import Job, JobKind
from permissions.principal import Scope


async def ask(scope: Scope, audience_id: int) -> Job:
    """Returns the unfinished job, if there is one. Raises NotFound; NotAllowedInState unless the audience runs."""
    async with db.transaction():
        audience = await audiences.get(scope, audience_id)
        if audience.status not in (AudienceStatus.SYNCING, AudienceStatus.IN_SYNC):
            raise NotAllowedInState(f"the audience is {audience.status}: resume it first", ("id",))
        job = await _ask(scope, audience_id, int(audience.segment_id))
        await audit_log.record(scope, "audience_reconcile", "Audience", audience_id, {"job": job.id})
    return job


async def _ask(scope: Scope, audience_id: int, segment_id: int) -> Job:
    known = await db.fetch_value(_UNFINISHED, scope.workspace_id, audience_id)
    if known is not None:
        return await jobs.get(scope, known)
    return await jobs.create(scope, JobKind.AUDIENCE, {"audience": audience_id}, segment_id=segment_id)


_UNFINISHED: Final = """
    SELECT id FROM jobs WHERE workspace_id = $1 AND kind = 'AUDIENCE' AND status IN ('QUEUED', 'RUNNING', 'PAUSED')
        AND (input ->> 'audience')::bigint = $2 ORDER BY id DESC LIMIT 1
"""


async def ask_instead_of_removing(run: Run) -> None:
    """For an audience that Meta calls too small to remove people from."""
    await _ask(run.scope, run.audience_id, int(run.audience.segment_id))


# ---------------------------------------------------------------- what it holds up


async def is_under_way(run: Run) -> bool:
    """Whether a replacing session may be running. One that was given up is doubted, and then nothing is held up."""
    job_id = run.audience.replacing_job_id
    if job_id is None:
        return False
    job = await jobs.find(run.scope, job_id)
    if job is not None and job.status not in jobs.ENDED:
        await runs.write(run, {"next_run_at": runs.later(2)})
        return True
    await give_up(run)
    return False


async def give_up(run: Run) -> None:
    """The session did not come to its end: everybody who should be there is added again."""
    async with db.transaction():
        more = await db.execute(_DOUBT, run.workspace_id, run.audience_id)
        await db.execute(_DOUBT_OTHERS, run.workspace_id, run.audience_id)
        changes = {"replacing_job_id": None, "next_run_at": clock.now(), "behind_since": clock.now()}
        await runs.write(run, changes, {State.PRESENT: -more, State.PENDING: more})


_DOUBT: Final = """
    UPDATE audience_members SET state = 'PENDING', certain = false, due = 3
    WHERE workspace_id = $1 AND audience_id = $2 AND state = 'PRESENT'
"""

_DOUBT_OTHERS: Final = """
    UPDATE audience_members SET sent = CASE WHEN sent IS NULL THEN wanted ELSE sent END, certain = false
    WHERE workspace_id = $1 AND audience_id = $2 AND due > 0 AND (sent IS NOT NULL OR state = 'PENDING')
"""


# ---------------------------------------------------------------- its batches


@dataclass(frozen=True, slots=True)
class Part:
    """Contacts of a batch with their rows; `is_last`: none follow."""

    contact_ids: Sequence[int]
    rows: Sequence[bytes]
    is_last: bool


async def count(run: Run) -> int:
    """How many people will be there."""
    counted: int = await db.fetch_value(
        f"SELECT count(*) FROM audience_members WHERE {_STAYS}",  # noqa: S608 - a constant
        run.workspace_id,
        run.audience_id,
    )
    return counted


async def part(run: Run, after: int) -> Part:
    """The batch after this contact."""
    rows = await db.fetch(_PART, run.workspace_id, run.audience_id, after, ROWS_AT_ONCE + 1)
    chosen = rows[:ROWS_AT_ONCE]
    return Part([row[0] for row in chosen], [row[1] for row in chosen], len(rows) <= ROWS_AT_ONCE)


_STAYS: Final = """
    workspace_id = $1 AND audience_id = $2 AND state <> 'REFUSED' AND (wanted IS NOT NULL OR (sent IS NOT NULL AND due = 0))
"""

_PART: Final = f"""
    SELECT contact_id, CASE WHEN wanted IS NULL THEN sent ELSE wanted END FROM audience_members
    WHERE {_STAYS} AND contact_id > $3 ORDER BY contact_id LIMIT $4
"""  # noqa: S608 - constants


async def begin(run: Run, job: Job, progress: dict[str, Any], total: int) -> None:
    """From now on nothing else is sent for the audience."""
    async with db.transaction():
        await running_jobs.progress(job, done=0, total=total, progress=progress)
        changes = {"replacing_job_id": job.id, "status": AudienceStatus.SYNCING, "next_run_at": runs.later(2)}
        await runs.write(run, changes)


async def refused(run: Run, contact_ids: Sequence[int]) -> None:
    """Meta called these rows invalid."""
    async with db.transaction():
        before = await ledger.read(run.workspace_id, run.audience_id, contact_ids)
        after = {contact: Entry(State.REFUSED, one.wanted) for contact, one in before.items()}
        await runs.write(run, {}, await ledger.write(run.workspace_id, run.audience_id, before, after))


async def record_step(run: Run, job: Job, progress: dict[str, Any]) -> bool:
    """After the session: the next contacts are as it made them. False: all are."""
    async with db.transaction():
        rows = await db.fetch(_NEXT, run.workspace_id, run.audience_id, progress["after"], ROWS_AT_ONCE)
        if not rows:
            changes = dict.fromkeys(("replacing_job_id", "removals_wait_until", "reason", "waits_until"))
            await runs.write(run, {**changes, "failures": 0, "next_run_at": clock.now()})
            return False
        ids = [row["contact_id"] for row in rows]
        before = await ledger.read(run.workspace_id, run.audience_id, ids)
        after = {contact: _after(one) for contact, one in before.items()}
        more = await ledger.write(run.workspace_id, run.audience_id, before, after)
        progress["after"] = ids[-1]
        await running_jobs.progress(job, progress=progress)
        await runs.write(run, {}, more)
    return True


_NEXT: Final = """
    SELECT contact_id FROM audience_members WHERE workspace_id = $1 AND audience_id = $2 AND contact_id > $3
    ORDER BY contact_id LIMIT $4
"""


def _after(was: Entry) -> Entry | None:
    if was.state is State.REFUSED:
        return Entry(State.REFUSED, was.wanted)
    if was.wanted is not None:
        return Entry(State.PRESENT, was.wanted, was.wanted)
    if was.state is State.LEAVING:
        return None
    stays = was.due is Due.NOTHING
    return Entry(was.state, None, was.sent if stays else None)


def new_progress() -> dict[str, Any]:
    """Where a session begins. `called`: the batch that was called last; `ends`: it was the last one."""
    return {"phase": "SEND", "session": leases.new_token() + 1, "batch": 1, "after": 0, "called": 0, "ends": False}
