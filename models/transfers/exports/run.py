"""Runs an export. Each part is a range of contact ids, committed with the progress."""

import codecs
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any, Final

from models import clock, db
from models.contacts import fields as contact_fields
from models.contacts import selections
from models.queue import running_jobs
from models.queue.jobs import Job
from models.rules.parameters import Parameters
from models.segments import uses
from models.segments.uses import UseKind
from models.transfers.exports.columns import select_list
from models.transfers.exports.export_file import Format, part_key, remove_parts, workbook_key
from models.transfers.exports.workbook_file import check_size, write_workbook
from models.transfers.files import FileWriter, storage
from permissions.principal import Scope

PART_IDS: Final = 50_000


async def carry_on(scope: Scope, job: Job) -> AsyncGenerator[None, None]:
    """Runs the export from its progress, and yields after each part."""
    try:
        if job.total is None:
            await running_jobs.progress(job, total=await _count(scope, job))
            yield
        while not job.progress.get("written"):
            await _next_part(scope, job)
            yield
        if _format_of(job) is Format.XLSX and "workbook" not in job.progress:
            await _write_workbook(scope, job)
            yield
        await uses.release(scope, UseKind.EXPORT, job.id)
    finally:
        if job.cancel_asked_at is not None:
            await uses.release(scope, UseKind.EXPORT, job.id)
            await remove_parts(job.workspace_id, job.id)


# ---------------------------------------------------------------- which contacts


async def _count(scope: Scope, job: Job) -> int:
    p = Parameters(scope.workspace_id, scope.timezone)
    condition = await _condition(scope, job, p)
    sql = f"SELECT count(*) FROM contacts c WHERE c.workspace_id = {p.workspace} AND {condition}"  # noqa: S608
    count = int(await db.fetch_value(sql, *await p.values(_now_of(job))))
    if _format_of(job) is Format.XLSX:
        check_size(count, len(job.input["fields"]))
    return count


def _format_of(job: Job) -> Format:
    return Format(job.input["format"])


async def _condition(scope: Scope, job: Job, p: Parameters) -> str:
    stored = job.input["contacts"]
    if stored is None:
        return "true"
    return f"({await selections.condition(scope, selections.from_json(stored), p)})"


def _now_of(job: Job) -> datetime:
    """One time for all parts, so that a relative condition means the same in each."""
    return job.started_at or clock.now()


_LAST_OF_PART: Final = """
    SELECT max(id) FROM (SELECT id FROM contacts WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3) AS part
"""


# ---------------------------------------------------------------- a part


async def _next_part(scope: Scope, job: Job) -> None:
    after = job.progress.get("after", 0)
    last = await db.fetch_value(_LAST_OF_PART, scope.workspace_id, after, PART_IDS)
    parts: list[int] = job.progress.get("parts", [])
    if last is None and parts:
        await running_jobs.progress(job, done=job.done, total=job.done, progress={**job.progress, "written": True})
        return
    rows, size = await _write_part(scope, job, after, last or 0, len(parts))
    progress = {**job.progress, "after": last or 0, "parts": [*parts, size]}
    await running_jobs.progress(job, done=job.done + rows, progress=progress)


async def _write_part(scope: Scope, job: Job, after: int, last: int, index: int) -> tuple[int, int]:
    """Gives rows and bytes. The first part has the header, even without contacts."""
    file_format = _format_of(job)
    sql, values = await _part_query(scope, job, file_format, after, last)
    async with storage().writer(part_key(job.workspace_id, job.id, index)) as writer:
        output = _CopyOutput(writer, file_format)
        if index == 0 and job.input.get("bom"):
            await output.write(codecs.BOM_UTF8)
        options = _LINES if file_format is Format.NDJSON else _CSV | {"header": index == 0}
        rows = await db.copy_out(sql, *values, output=output.write, **options)
        await output.flush()
    return rows, output.size


async def _part_query(
    scope: Scope, job: Job, file_format: Format, after: int, last: int
) -> tuple[str, tuple[Any, ...]]:
    p = Parameters(scope.workspace_id, scope.timezone)
    condition = await _condition(scope, job, p)
    custom = await contact_fields.load(scope)
    is_one_leaving = await _is_a_field_being_deleted(scope)
    columns = select_list(job.input["fields"], custom, file_format, whole_attributes=not is_one_leaving)
    sql = f"""
        SELECT {columns} FROM contacts c
        WHERE c.workspace_id = {p.workspace} AND c.id > {p.bind(after, "bigint")} AND c.id <= {p.bind(last, "bigint")}
          AND {condition}
        ORDER BY c.id
    """  # noqa: S608 - names of the catalogue, values bound
    return sql, tuple(await p.values(_now_of(job)))


async def _is_a_field_being_deleted(scope: Scope) -> bool:
    """`attributes` may still hold values of such a field."""
    return bool(
        await db.fetch_value(
            "SELECT EXISTS (SELECT FROM contact_fields WHERE workspace_id = $1 AND deleted_at IS NOT NULL)",
            scope.workspace_id,
        )
    )


async def _write_workbook(scope: Scope, job: Job) -> None:
    """One step, however long: it cannot go on where it stopped."""
    size = await write_workbook(job, await contact_fields.load(scope))
    if size is not None:
        await running_jobs.progress(job, progress={**job.progress, "workbook": size})
        await remove_parts(job.workspace_id, job.id, but=workbook_key(job.workspace_id, job.id))


# ---------------------------------------------------------------- what COPY writes


_CSV: Final[dict[str, Any]] = {"format": "csv"}

# JSON text holds neither character, so COPY quotes nothing.
_LINES: Final[dict[str, Any]] = {"format": "csv", "quote": "\x01", "delimiter": "\x02"}


class _CopyOutput:
    """Groups the output of COPY. Lines of CSV get CR LF, as RFC 4180 asks."""

    def __init__(self, writer: FileWriter, file_format: Format) -> None:
        self.size = 0
        self._writer, self._is_csv, self._is_quoted = writer, file_format is Format.CSV, False
        self._held: list[bytes] = []
        self._held_bytes = 0

    async def write(self, block: bytes) -> None:
        content = self._with_crlf(block) if self._is_csv else bytes(block)
        self._held.append(content)
        self._held_bytes += len(content)
        if self._held_bytes > 1 << 20:
            await self.flush()

    async def flush(self) -> None:
        if self._held:
            await self._writer.write(b"".join(self._held))
            self.size += self._held_bytes
            self._held, self._held_bytes = [], 0

    def _with_crlf(self, block: bytes) -> bytes:
        if not self._is_quoted and b'"' not in block:
            return block.replace(b"\n", b"\r\n")
        pieces = block.split(b'"')
        for index in range(len(pieces)):
            if not self._is_quoted:
                pieces[index] = pieces[index].replace(b"\n", b"\r\n")
            self._is_quoted = not self._is_quoted
        self._is_quoted = not self._is_quoted  # one quote fewer than pieces
        return b'"'.join(pieces)
