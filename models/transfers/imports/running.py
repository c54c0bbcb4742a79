"""An import, carried on from where it stands: chunk after chunk, each with its counts in one transaction."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from models import db
from models.contacts import fields as contact_fields
from models.contacts.attributes import Fields
from models.errors import DomainError, NotFound, Problems
from models.queue import jobs
from models.queue.jobs import Job
from models.segments import uses
from models.segments.uses import UseKind
from models.transfers.files import storage
from models.transfers.imports import lookup, uploads
from models.transfers.imports.inspection import Inspection, InspectionRequest, inspect
from models.transfers.imports.layout import HEAD_BYTES, is_workbook
from models.transfers.imports.mapping import Options, check_options, place
from models.transfers.imports.merge import Outcomes, write_chunk
from models.transfers.imports.reader import RowReader
from models.transfers.imports.starting import wanted_by
from models.transfers.imports.values import ReadPlan, RowChunk, make_plan, read_chunk
from models.transfers.imports.workbook import convert
from permissions.principal import Scope

CHUNK_ROWS: Final = 10_000
"""Rows that are written in one transaction: what is done again at most when a worker dies."""

TRIES: Final = 5
"""How often a chunk is written anew when somebody else took a key, or a lock, that it wanted."""

COUNTS: Final = tuple(asdict(Outcomes()))
"""What is counted, by name."""


async def carry_on(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """Do the import `job`, and yield after each chunk. Raises DomainError or Problems when the file can't be imported."""
    try:
        if not job.progress.get("read"):
            async with aclosing(_read(scope, job)) as steps:
                async for _ in steps:
                    yield
        await _close(scope, job)
    except (DomainError, Problems):
        if "survey" not in job.progress:  # a file that can't be read is good for no other import
            await uploads.remove(scope.workspace_id, job.input["upload_id"])
        await _close(scope, job)
        raise
    finally:
        if job.cancel_asked_at is not None:
            await _close(scope, job)


async def _close(scope: Scope, job: Job) -> None:
    """Leave nothing but the counts, the refusals and what an undo needs. May run twice."""
    await uses.release(scope, UseKind.IMPORT, job.id)
    await storage().delete(_sheet_of(job))
    if Options.from_json(job.input["options"]).dry_run:
        await lookup.forget(scope, job.id)


def _sheet_of(job: Job) -> str:
    """Where the sheet of a workbook is kept for an import, as CSV."""
    return f"sheets/{job.workspace_id}/{job.id}"


# ---------------------------------------------------------------- reading


@dataclass(frozen=True)
class _Source:
    """What is read, and into what."""

    path: Path
    survey: Inspection
    plan: ReadPlan
    fields: Fields


async def _read(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    options = Options.from_json(job.input["options"])
    key = await _key_of(scope, job)
    if "survey" not in job.progress:
        await _inspect(job, key, options)
        yield
    seen = Inspection.from_json(job.progress["survey"])
    fields = await contact_fields.load(scope)
    check_options(options, fields)
    plan = make_plan(scope, options, place(options, seen.header, seen.width), seen.width, fields)
    async with (
        storage().on_disk(_sheet_of(job) if seen.layout.sheet else key) as path,
        aclosing(_each_chunk(scope, job, _Source(path, seen, plan, fields))) as steps,
    ):
        async for _ in steps:
            yield


async def _key_of(scope: Scope, job: Job) -> str:
    """Where the file is. An import that has begun may outlive the time in which it had to begin."""
    key: str | None = await db.fetch_value(
        "SELECT key FROM uploads WHERE workspace_id = $1 AND id = $2", scope.workspace_id, job.input["upload_id"]
    )
    if key is None:
        raise NotFound("the file is not there any more: upload it again")
    return key


async def _inspect(job: Job, key: str, options: Options) -> None:
    wanted = wanted_by(options)
    async with storage().on_disk(key) as path:
        if is_workbook(await storage().head(key, HEAD_BYTES)):
            seen = await _convert(path, _sheet_of(job), wanted)
        else:
            seen = await asyncio.to_thread(inspect, path, wanted)
    await jobs.progress(job, total=seen.rows, progress={**job.progress, "survey": seen.to_json()})


async def _convert(path: Path, key: str, wanted: InspectionRequest) -> Inspection:
    """Make a workbook CSV, once, and keep that beside it."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", newline="", suffix=".csv") as table:
        await asyncio.to_thread(convert, path, table)
        await asyncio.to_thread(table.flush)
        seen = await asyncio.to_thread(inspect, Path(table.name), wanted, sheet=True)
        async with storage().writer(key) as writer:
            with await asyncio.to_thread(open, table.name, "rb") as file:
                while block := await asyncio.to_thread(file.read, HEAD_BYTES):
                    await writer.write(block)
    return seen


async def _each_chunk(scope: Scope, job: Job, source: _Source) -> AsyncGenerator[None, None]:
    """Write chunk after chunk; the next one is read, in a thread, while one is written."""
    from_line = job.progress.get("next_line", source.survey.starts_at)
    with await asyncio.to_thread(RowReader, source.path, source.survey.layout, from_line) as reader:
        reading = asyncio.create_task(asyncio.to_thread(_next_chunk, reader, source.plan))
        try:
            while True:
                chunk, next_line = await reading
                if chunk is None:
                    await jobs.progress(job, progress={**job.progress, "read": True})
                    return
                reading = asyncio.create_task(asyncio.to_thread(_next_chunk, reader, source.plan))
                created = job.progress.get("created", 0)
                await _write(scope, job, source, chunk, next_line)
                await _analyze(created, job.progress["created"])
                yield
        finally:
            await asyncio.gather(reading, return_exceptions=True)  # the file must not be closed under it


def _next_chunk(reader: RowReader, plan: ReadPlan) -> tuple[RowChunk | None, int]:
    rows = reader.take(CHUNK_ROWS)
    return (read_chunk(rows, plan) if len(rows) else None), reader.next_line


ANALYZED_AT: Final = (10_000, 50_000, 250_000, 1_000_000)
"""After so many new contacts of one import."""


async def _analyze(before: int, after: int) -> None:
    """Let the planner know what has come into the tables: it may be minutes before it is told by itself."""
    if any(before < passed <= after for passed in ANALYZED_AT):
        await db.execute("ANALYZE contacts, import_changes, memberships")


# ---------------------------------------------------------------- writing


async def _write(scope: Scope, job: Job, source: _Source, chunk: RowChunk, next_line: int) -> None:
    for attempt in range(1, TRIES + 1):
        try:
            async with db.transaction():
                outcomes = await write_chunk(scope, job.id, source.plan, source.fields, chunk)
                await _count(job, outcomes, next_line)
            return
        except db.Contended:
            if attempt == TRIES:
                raise
            await asyncio.sleep(0.05 * attempt)


async def _count(job: Job, outcomes: Outcomes, next_line: int) -> None:
    counts = {name: job.progress.get(name, 0) + number for name, number in asdict(outcomes).items()}
    await jobs.progress(job, done=job.done + outcomes.rows, progress={**job.progress, **counts, "next_line": next_line})


def counts_of(progress: Mapping[str, Any]) -> dict[str, int]:
    """The counts in a job's progress."""
    return {name: progress.get(name, 0) for name in COUNTS}
