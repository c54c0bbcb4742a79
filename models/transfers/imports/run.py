"""Runs an import. Each chunk is committed with its counts."""

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from models import clock, db
from models.contacts import fields as contact_fields
from models.contacts import person_consent
from models.contacts.attributes import Fields
from models.errors import DomainError, NotFound, Problems
from models.queue import running_jobs
from models.queue.jobs import Job
from models.segments import uses
from models.segments.uses import UseKind
from models.transfers.files import storage
from models.transfers.imports import lookup, uploads
from models.transfers.imports.mapping import Options, check_options, locate_columns
from models.transfers.imports.merge import Outcomes, write_chunk
from models.transfers.imports.start import request_for
from models.transfers.imports.values import ReadPlan, RowChunk, make_plan, read_chunk
from models.transfers.reading.bounded import inspect
from models.transfers.reading.inspection import Inspection
from models.transfers.reading.reader import BLOCK, RowReader
from permissions.principal import Scope

CHUNK_ROWS: Final = 10_000
"""Rows per transaction."""

TRIES: Final = 5
"""For a chunk, when others hold its keys or locks."""

COUNTS: Final = tuple(name for name in asdict(Outcomes()) if name != "consents_set_aside")
"""Of rows: each row is in one of them, and a partial one in two."""


async def carry_on(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """Yields after each chunk. Raises DomainError or Problems."""
    try:
        if not job.progress.get("read"):
            async with aclosing(_read(scope, job)) as steps:
                async for _ in steps:
                    yield
        await _close(scope, job)
    except (DomainError, Problems) as error:
        if "inspection" not in job.progress and not _is_about_options(error):  # it is unreadable for other imports, too
            await uploads.remove(scope.workspace_id, job.input["upload_id"])
        await _close(scope, job)
        raise
    finally:
        if job.cancel_asked_at is not None:
            await _close(scope, job)


def _is_about_options(error: DomainError | Problems) -> bool:
    return isinstance(error, Problems) or bool(error.path)


async def _close(scope: Scope, job: Job) -> None:
    """Removes what only the run needed. It may run twice."""
    await uses.release(scope, UseKind.IMPORT, job.id)
    await storage().delete(_sheet_key(job))
    if Options.from_json(job.input["options"]).dry_run:
        await lookup.forget_dry_run(scope, job.id)


def _sheet_key(job: Job) -> str:
    return f"sheets/{job.workspace_id}/{job.id}"


# ---------------------------------------------------------------- reading


@dataclass(frozen=True)
class _Source:
    path: Path
    inspection: Inspection
    plan: ReadPlan
    fields: Fields


async def _read(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    options = Options.from_json(job.input["options"])
    key = await _upload_key(scope, job)
    if "inspection" not in job.progress:
        await _inspect(job, key, options)
        yield
    inspection = Inspection.from_json(job.progress["inspection"])
    fields = await contact_fields.load(scope)
    check_options(options, fields)
    columns = locate_columns(options, inspection.header, inspection.width)
    plan = make_plan(
        scope,
        options,
        columns,
        inspection.width,
        fields,
        is_workbook=inspection.layout.sheet,
        names_contacts=job.input.get("names_contacts", False),
    )
    async with (
        storage().on_disk(_sheet_key(job) if inspection.layout.sheet else key) as path,
        aclosing(_each_chunk(scope, job, _Source(path, inspection, plan, fields))) as steps,
    ):
        async for _ in steps:
            yield


async def _upload_key(scope: Scope, job: Job) -> str:
    """The upload may have expired since the start."""
    key: str | None = await db.fetch_value(
        "SELECT key FROM uploads WHERE workspace_id = $1 AND id = $2", scope.workspace_id, job.input["upload_id"]
    )
    if key is None:
        raise NotFound("the file is not there any more: upload it again")
    return key


async def _inspect(job: Job, key: str, options: Options) -> None:
    with tempfile.NamedTemporaryFile(suffix=".csv") as table:
        async with storage().on_disk(key) as path:
            inspection = await inspect(path, request_for(options), Path(table.name))
        if inspection.layout.sheet:
            await _store(Path(table.name), _sheet_key(job))
    await running_jobs.progress(
        job, total=inspection.rows, progress={**job.progress, "inspection": inspection.to_json()}
    )


async def _store(path: Path, key: str) -> None:
    async with storage().writer(key) as writer:
        with await asyncio.to_thread(open, path, "rb") as file:
            while block := await asyncio.to_thread(file.read, BLOCK):
                await writer.write(block)


async def _each_chunk(scope: Scope, job: Job, source: _Source) -> AsyncGenerator[None, None]:
    """Reads the next chunk in a thread while one is written."""
    from_line = job.progress.get("next_line", source.inspection.starts_at)
    with await asyncio.to_thread(RowReader, source.path, source.inspection.layout, from_line) as reader:
        reading = asyncio.create_task(asyncio.to_thread(_next_chunk, reader, source.plan))
        try:
            while True:
                chunk, next_line = await reading
                if chunk is None:
                    await running_jobs.progress(job, progress={**job.progress, "read": True})
                    return
                reading = asyncio.create_task(asyncio.to_thread(_next_chunk, reader, source.plan))
                created = job.progress.get("created", 0)
                await _write(scope, job, source, chunk, next_line)
                await _analyze(created, job.progress["created"])
                yield
        finally:
            await asyncio.gather(reading, return_exceptions=True)  # the thread must end before the file is closed


def _next_chunk(reader: RowReader, plan: ReadPlan) -> tuple[RowChunk | None, int]:
    rows = reader.take(CHUNK_ROWS)
    return (read_chunk(rows, plan) if len(rows) else None), reader.next_line


ANALYZED_AT: Final = (10_000, 50_000, 250_000, 1_000_000)
"""After so many new contacts of an import."""


async def _analyze(before: int, after: int) -> None:
    """The planner needs statistics minutes before autovacuum would come."""
    if any(before < passed <= after for passed in ANALYZED_AT):
        await db.execute("ANALYZE contacts, import_changes, memberships")


# ---------------------------------------------------------------- writing


async def _write(scope: Scope, job: Job, source: _Source, chunk: RowChunk, next_line: int) -> None:
    started_at = clock.now()
    for attempt in range(1, TRIES + 1):
        try:
            async with db.transaction():
                outcomes = await write_chunk(scope, job.id, source.plan, source.fields, chunk)
                await _count(job, outcomes, next_line)
            # A person may have said stop while the chunk was written: then neither transaction saw the other.
            await person_consent.enforce_since(scope.workspace_id, started_at)
            return
        except db.Contended:
            if attempt == TRIES:
                raise
            await asyncio.sleep(0.05 * attempt)


async def _count(job: Job, outcomes: Outcomes, next_line: int) -> None:
    counts = {name: job.progress.get(name, 0) + number for name, number in asdict(outcomes).items()}
    await running_jobs.progress(
        job, done=job.done + outcomes.rows, progress={**job.progress, **counts, "next_line": next_line}
    )


def counts_of(progress: Mapping[str, Any]) -> dict[str, int]:
    return {name: progress.get(name, 0) for name in COUNTS}
