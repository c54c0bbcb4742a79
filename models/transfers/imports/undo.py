"""Undoes an import, except where the contact has changed since.

Undone import_changes are deleted, others marked `kept`. An opt-out stays: a second one since would leave no trace.
"""

from collections.abc import AsyncGenerator, Collection, Mapping, Set
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Final

from models import clock, db
from models.accounts import audit_log
from models.contacts import fields as contact_fields
from models.contacts import person_consent
from models.errors import NotAllowedInState, NotFound
from models.membership import manual_changes
from models.membership.origins import Origin
from models.queue import jobs, running_jobs, work
from models.queue.enqueue import enqueue
from models.queue.jobs import Job, JobKind, JobStatus
from models.transfers.imports import lookup
from models.transfers.imports.differences import TYPES
from models.transfers.imports.mapping import Options
from permissions.principal import Scope

WITHIN: Final = timedelta(days=30)

AT_ONCE: Final = 2_000
"""Most contacts for an undo in the request itself."""

CHUNK: Final = 5_000
"""Contacts per transaction."""

TRIES: Final = 5


@dataclass(slots=True)
class UndoProgress:
    """One pass over the contacts; `after` is the last one done.

    `waiting`: contacts whose old key another contact has. `moved`: something was undone, so the next pass may find such
    a key free.
    """

    after: int = -(2**63)
    undone: int = 0
    kept: int = 0
    waiting: int = 0
    moved: bool = False
    done: bool = False


async def undo_import(scope: Scope, job_id: int) -> Job:
    """Undoes a small import at once, others by a worker. Raises NotFound or NotAllowedInState."""
    async with db.transaction():
        job = await _undoable(scope, job_id)
        reopened = await jobs.reopen(scope, job_id, {**job.progress, "undo": asdict(UndoProgress())})
        await audit_log.record(scope, "import_undo", "ImportJob", job_id)
        counts = job.progress.get("created", 0) + job.progress.get("updated", 0) + job.progress.get("unchanged", 0)
        # In this transaction: after the commit a worker could take the job.
        held = await running_jobs.take(scope.workspace_id, job_id) if counts <= AT_ONCE else None
    if held is None:
        return reopened
    async for _ in carry_on(scope, held):
        pass  # a worker goes on if this process dies
    await running_jobs.finish(held)
    return await jobs.get(scope, job_id)


async def _undoable(scope: Scope, job_id: int) -> Job:
    job = await jobs.get(scope, job_id)
    if job.kind != JobKind.IMPORT:
        raise NotFound("there is no such import", ("id",))
    if job.status in (JobStatus.QUEUED, JobStatus.RUNNING):
        raise NotAllowedInState("this import still runs: cancel it first, or wait for its end", ("id",))
    if Options.from_json(job.input["options"]).dry_run:
        raise NotAllowedInState("this was a dry run: it changed nothing", ("id",))
    if job.progress.get("undone_at") is not None:
        raise NotAllowedInState("this import was taken back already", ("id",))
    if job.finished_at is not None and job.finished_at < clock.now() - WITHIN:
        raise NotAllowedInState(f"an import can be taken back for {WITHIN.days} days: this one is older", ("id",))
    return job


async def carry_on(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """Undoes the import from its progress, and yields after each chunk."""
    if job.done > AT_ONCE:
        # Right after a large import the statistics are of before it: then all contacts would be read for each that is looked up.
        await db.execute("ANALYZE (SKIP_LOCKED) contacts, import_changes, memberships, activities")
    while not job.progress["undo"]["done"]:
        await _undo_chunk(scope, job)
        yield


async def _undo_chunk(scope: Scope, job: Job) -> None:
    for attempt in range(1, TRIES + 1):
        try:
            async with db.transaction():
                await db.execute(f"SET LOCAL muster.capture = 'bulk';{db.forced_plans(*lookup.BY_INDEX)}")
                await db.advisory_lock(f"imports:{scope.workspace_id}")
                if job.segment_id is not None:
                    await manual_changes.hold_members(scope, job.segment_id)
                state = await _next_chunk(scope, job, UndoProgress(**job.progress["undo"]))
                undone_at = {"undone_at": clock.now().isoformat()} if state.done else {}
                await running_jobs.progress(job, progress={**job.progress, "undo": asdict(state), **undone_at})
            return
        except db.Contended:
            if attempt == TRIES:
                raise


# ---------------------------------------------------------------- a chunk


_CHUNK: Final = """
    SELECT contact_id, outcome, joined FROM import_changes
    WHERE workspace_id = $1 AND job_id = $2 AND contact_id > $3 AND NOT kept AND (outcome <> 'UNCHANGED' OR joined)
    ORDER BY contact_id LIMIT $4
"""


async def _next_chunk(scope: Scope, job: Job, state: UndoProgress) -> UndoProgress:
    rows = await db.fetch(_CHUNK, scope.workspace_id, job.id, state.after, CHUNK)
    if not rows:
        return await _end_of_pass(scope, job, state)
    outcomes = {row["contact_id"]: row["outcome"] for row in rows}
    unchanged = await _apply(scope, job, _LOCK_UNCHANGED, outcomes)
    deleted = await _apply(scope, job, _DELETE, _with_outcome(outcomes, unchanged, "CREATED"))
    updated = _with_outcome(outcomes, unchanged, "UPDATED")
    restored = await _restore(scope, job, updated)
    waiting = updated - restored
    leaving = {row["contact_id"] for row in rows if row["joined"]} & unchanged - deleted - waiting
    await _leave_segment(scope, job, leaving)
    finished = deleted | restored | _with_outcome(outcomes, unchanged, "UNCHANGED")
    await _apply(scope, job, _FORGET, finished)
    kept = set(outcomes) - finished - waiting
    await _apply(scope, job, _KEEP, kept)
    if deleted or restored:
        await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
    return UndoProgress(
        after=rows[-1]["contact_id"],
        undone=state.undone + len(deleted) + len(restored),
        kept=state.kept + len(kept - _with_outcome(outcomes, kept, "UNCHANGED")),
        waiting=state.waiting + len(waiting),
        moved=state.moved or bool(deleted or restored),
    )


def _with_outcome(outcomes: Mapping[int, str], ids: Set[int], outcome: str) -> set[int]:
    return {contact_id for contact_id in ids if outcomes[contact_id] == outcome}


async def _end_of_pass(scope: Scope, job: Job, state: UndoProgress) -> UndoProgress:
    if state.waiting and state.moved:
        return UndoProgress(undone=state.undone, kept=state.kept)
    await db.execute(_KEEP_REST, scope.workspace_id, job.id)
    return replace(state, kept=state.kept + state.waiting, waiting=0, done=True)


async def _apply(scope: Scope, job: Job, sql: str, ids: Collection[int]) -> set[int]:
    """Gives the ids that the statement returns."""
    if not ids:
        return set()
    return {row[0] for row in await db.fetch(sql, scope.workspace_id, job.id, sorted(ids))}


async def _leave_segment(scope: Scope, job: Job, ids: Collection[int]) -> None:
    if ids and job.segment_id is not None:
        try:
            await manual_changes.change_members(scope, job.segment_id, remove=sorted(ids), origin=Origin.IMPORT)
        except NotFound:
            pass  # the segment was deleted since


async def _restore(scope: Scope, job: Job, ids: Collection[int]) -> set[int]:
    if not ids:
        return set()
    fields = list(await contact_fields.load_to_write(scope))
    rows = await db.fetch(_RESTORE, scope.workspace_id, job.id, sorted(ids), fields, clock.now())
    await person_consent.settle(scope.workspace_id, [row["id"] for row in rows if row["moved"]])
    return {row["id"] for row in rows}


# ---------------------------------------------------------------- statements


_MATCHED: Final = """
    WITH sought AS MATERIALIZED (
        SELECT contact_id FROM unnest($3::bigint[]) AS contact_id
    ), matched AS MATERIALIZED (
        SELECT change.contact_id, change.before, change.updated_at FROM sought JOIN import_changes change
        ON change.workspace_id = $1 AND change.job_id = $2 AND change.contact_id = sought.contact_id
    )
"""

# Locked until the transaction ends.
_LOCK_UNCHANGED: Final = f"""{_MATCHED}
    SELECT c.id FROM matched JOIN contacts c ON c.workspace_id = $1 AND c.id = matched.contact_id
    WHERE c.updated_at <= matched.updated_at ORDER BY c.id FOR UPDATE OF c
"""  # noqa: S608 - no value is pasted

# Contacts with activities stay. Those that are given are of the import.
_DELETE: Final = """
    DELETE FROM contacts c WHERE c.workspace_id = $1 AND c.id = ANY ($3::bigint[])
      AND EXISTS (SELECT 1 FROM import_changes change
                  WHERE change.workspace_id = $1 AND change.job_id = $2 AND change.contact_id = c.id)
      AND NOT EXISTS (SELECT 1 FROM activities a WHERE a.workspace_id = $1 AND a.contact_id = c.id)
    RETURNING c.id
"""

_FORGET: Final = """
    DELETE FROM import_changes WHERE workspace_id = $1 AND job_id = $2 AND contact_id = ANY ($3::bigint[]) RETURNING contact_id
"""

_KEEP: Final = """
    UPDATE import_changes SET kept = true
    WHERE workspace_id = $1 AND job_id = $2 AND contact_id = ANY ($3::bigint[]) RETURNING contact_id
"""

_KEEP_REST: Final = """
    UPDATE import_changes SET kept = true
    WHERE workspace_id = $1 AND job_id = $2 AND NOT kept AND (outcome <> 'UNCHANGED' OR joined)
"""


_SAME_KEY: Final = (
    "other.external_id = matched.before ->> 'external_id'",
    "other.email = matched.before ->> 'email'",
    "other.phone_key = muster_phone_key(matched.before ->> 'phone') AND c.phone_key IS DISTINCT FROM other.phone_key",
)
"""Another contact has a key of before."""


_MATCHED_BEFORE: Final = """
    WITH sought AS MATERIALIZED (
        SELECT contact_id FROM unnest($3::bigint[]) AS contact_id
    ), matched AS MATERIALIZED (
        SELECT change.contact_id, change.before, {casts},
               ARRAY(SELECT jsonb_array_elements_text(change.before -> 'tags')) AS old_tags,
               (SELECT coalesce(jsonb_object_agg(key, value), '{{}}') FROM jsonb_each(change.before -> 'attributes')
                WHERE key = ANY ($4::text[])) AS old_attributes
        FROM sought JOIN import_changes change
        ON change.workspace_id = $1 AND change.job_id = $2 AND change.contact_id = sought.contact_id
    )
"""
"""What is restored, in the types of its columns. Casts are made here, because a distributed UPDATE takes none in a CASE."""


def _old(column: str) -> str:
    return f"CASE WHEN matched.before ? '{column}' THEN matched.old_{column} ELSE c.{column} END"


def _restore_sql() -> str:
    kinds = {**TYPES, "whatsapp_consent": "text", "consent_source": "text", "consent_at": "timestamptz"}
    casts = ", ".join(f"(change.before ->> '{name}')::{kind} AS old_{name}" for name, kind in kinds.items())
    plain = [f"{name} = {_old(name)}" for name in TYPES if name != "whatsapp_consent"]
    free = " AND ".join(
        f"""NOT EXISTS (SELECT 1 FROM contacts other WHERE other.workspace_id = $1
            AND {is_same} AND other.id <> matched.contact_id)"""  # noqa: S608 - no value is pasted
        for is_same in _SAME_KEY
    )
    consent = [
        f"{name} = CASE WHEN c.whatsapp_consent = 'OPTED_OUT' THEN c.{name} ELSE {_old(name)} END"
        for name in ("whatsapp_consent", "consent_source", "consent_at")
    ]
    return f"""{_MATCHED_BEFORE.format(casts=casts)}, held AS MATERIALIZED (
        SELECT c.id, c.whatsapp_consent, c.consent_source, c.consent_at
        FROM matched JOIN contacts c ON c.workspace_id = $1 AND c.id = matched.contact_id
    ), restored AS (
    UPDATE contacts c SET {", ".join(plain)}, {", ".join(consent)},
        tags = {_old("tags")}, attributes = {_old("attributes")}
    FROM matched WHERE c.workspace_id = $1 AND c.id = matched.contact_id AND {free}
    RETURNING c.id, c.whatsapp_consent, matched.before ? 'phone' AS moved
    ), logged AS (
        INSERT INTO consent_changes (workspace_id, recorded_at, contact_id, at, source, from_consent, from_source, from_at,
                                     to_consent, evidence)
        SELECT $1, $5::timestamptz, held.id, $5::timestamptz, 'IMPORT', held.whatsapp_consent,
               held.consent_source, held.consent_at, restored.whatsapp_consent, 'The import was undone.'
        FROM held JOIN restored USING (id) WHERE held.whatsapp_consent <> restored.whatsapp_consent
    )
    SELECT id, moved FROM restored
    """  # noqa: S608 - names of the catalogue


_RESTORE: Final = _restore_sql()
