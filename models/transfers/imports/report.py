"""The skipped and rejected rows: page by page, and as CSV to correct and import again."""

import csv
import io
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from models import clock, db
from models.errors import NotFound
from models.queue import jobs
from models.queue.jobs import Job, JobKind
from permissions.principal import Scope

ADDED_COLUMNS: Final = ("import_line", "import_column", "import_reason")
"""Columns that reports add, and that imports ignore."""

KEPT_FOR: Final = timedelta(days=30)

_ROWS: Final = """
    SELECT line, coalesce(column_name, '') AS column_name, reason, cells FROM import_refusals
    WHERE workspace_id = $1 AND job_id = $2 ORDER BY line
"""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row of the report. `outcome`: SKIPPED, REJECTED or PARTIAL; `cells` as they came, without those of an earlier report."""

    line: int
    outcome: str
    column: str | None
    reason: str
    cells: Sequence[str]


_PAGES: Final = """
    SELECT page.* FROM unnest($2::bigint[]) AS wanted (job_id), LATERAL (
        SELECT job_id, line, outcome, column_name, reason, cells FROM import_refusals r
        WHERE r.workspace_id = $1 AND r.job_id = wanted.job_id AND r.line > $4 ORDER BY r.line LIMIT $3) AS page
"""


async def page_for_each(
    scope: Scope, imports: Sequence[Job], limit: int, after: int | None = None
) -> dict[int, list[RefusedRow]]:
    """By the id of each import, up to `limit` rows in the order of the file, after the line `after`."""
    of_reports = {job.id for job in imports if _is_report(_header_of(job))}
    pages: dict[int, list[RefusedRow]] = {job.id: [] for job in imports}
    ids = [job.id for job in imports if not has_expired(job.finished_at)]
    for row in await db.fetch(_PAGES, scope.workspace_id, ids, limit, after or 0):
        cells = row["cells"][len(ADDED_COLUMNS) :] if row["job_id"] in of_reports else row["cells"]
        refused = RefusedRow(row["line"], row["outcome"], row["column_name"], row["reason"], cells)
        pages[row["job_id"]].append(refused)
    return pages


def header_of(job: Job) -> Sequence[str] | None:
    """The headings of the cells of refused rows; None for a file without a header, and before it was read."""
    header = _header_of(job)
    return header[len(ADDED_COLUMNS) :] if header is not None and _is_report(header) else header


def _header_of(job: Job) -> Sequence[str] | None:
    inspection: Mapping[str, Any] = job.progress.get("inspection", {})
    return inspection.get("header")


def _is_report(header: Sequence[str] | None) -> bool:
    """Whether the file was an earlier report."""
    return header is not None and tuple(header[: len(ADDED_COLUMNS)]) == ADDED_COLUMNS


# ---------------------------------------------------------------- as a file


async def blocks(scope: Scope, job_id: int) -> AsyncIterator[bytes]:
    """UTF-8. Raises NotFound. Without a header, added columns come last, so that cells keep their index."""
    job = await jobs.find(scope, job_id)
    if job is None or job.kind != JobKind.IMPORT:
        raise NotFound("there is no such import")
    inspection = job.progress.get("inspection", {})
    header, width = inspection.get("header"), inspection.get("width", 0)
    csv_blocks = _CsvBlocks(inspection.get("layout", {}).get("delimiter", ","))
    is_report = _is_report(header)
    if header is not None:
        csv_blocks.add((*ADDED_COLUMNS, *(header[3:] if is_report else header)))
    async for row in db.each_row(_ROWS, scope.workspace_id, job_id, prefetch=2_000):
        csv_blocks.add(_record(row, header is None, is_report, width))
        for block in csv_blocks.full():
            yield block
    yield csv_blocks.rest()


def _record(row: Any, at_end: bool, is_report: bool, width: int) -> Sequence[str]:
    added = (str(row["line"]), row["column_name"], row["reason"])
    cells = row["cells"][3:] if is_report else row["cells"]
    if at_end:
        return (*cells, *([""] * (width - len(cells))), *added)
    return (*added, *cells)


class _CsvBlocks:
    def __init__(self, delimiter: str) -> None:
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, delimiter=delimiter, lineterminator="\r\n")

    def add(self, row: Sequence[str]) -> None:
        self._writer.writerow(row)

    def full(self) -> Iterator[bytes]:
        if self._text.tell() > 1 << 16:
            yield self.rest()

    def rest(self) -> bytes:
        block = self._text.getvalue().encode("utf-8", "replace")
        self._text.seek(0)
        self._text.truncate()
        return block


def has_expired(finished_at: datetime | None) -> bool:
    return finished_at is not None and clock.now() >= finished_at + KEPT_FOR


async def has_rows(scope: Scope, job_id: int) -> bool:
    return bool(
        await db.fetch_value(
            "SELECT EXISTS (SELECT FROM import_refusals WHERE workspace_id = $1 AND job_id = $2)",
            scope.workspace_id,
            job_id,
        )
    )
