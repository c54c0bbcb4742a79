"""The rows that came to nothing, as a CSV that can be mended and imported again."""

import csv
import io
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from models import clock, db
from models.errors import NotFound
from models.queue import jobs
from models.queue.jobs import JobKind
from permissions.principal import Scope

TOLD: Final = ("import_line", "import_column", "import_reason")
"""The columns that the report adds. An import passes over columns that nobody maps, so they can stay where they are."""

KEPT_FOR: Final = timedelta(days=30)
"""How long after the end of an import its report can be fetched."""

_ROWS: Final = """
    SELECT line, coalesce(column_name, '') AS column_name, reason, cells FROM import_refusals
    WHERE workspace_id = $1 AND job_id = $2 ORDER BY line
"""


async def blocks(scope: Scope, job_id: int) -> AsyncIterator[bytes]:
    """The report of an import, in blocks of UTF-8 text with CR LF. Raises NotFound.

    With a header, the line, the column and the reason stand before the cells of the file; without one they stand after,
    so that each cell of the file keeps its number. A row keeps the cells that it came with, be they too many or too few.
    """
    job = await jobs.find(scope, job_id)
    if job is None or job.kind != JobKind.IMPORT:
        raise NotFound("there is no such import")
    seen = job.progress.get("survey", {})
    header, width = seen.get("header"), seen.get("width", 0)
    page = _Page(seen.get("layout", {}).get("delimiter", ","))
    again = tuple(header[:3]) == TOLD if header else False
    if header is not None:
        page.add((*TOLD, *(header[3:] if again else header)))
    async for row in db.each_row(_ROWS, scope.workspace_id, job_id, prefetch=2_000):
        page.add(_line(row, header is None, again, width))
        for block in page.full():
            yield block
    yield page.rest()


def _line(row: Any, at_end: bool, again: bool, width: int) -> Sequence[str]:
    told = (str(row["line"]), row["column_name"], row["reason"])
    cells = row["cells"][3:] if again else row["cells"]
    if at_end:
        return (*cells, *([""] * (width - len(cells))), *told)
    return (*told, *cells)


class _Page:
    """Rows of CSV, given away in blocks."""

    def __init__(self, delimiter: str) -> None:
        self._text = io.StringIO(newline="")
        self._writer = csv.writer(self._text, delimiter=delimiter, lineterminator="\r\n")

    def add(self, row: Sequence[str]) -> None:
        """Write a row."""
        self._writer.writerow(row)

    def full(self) -> Iterator[bytes]:
        """What is written, once it is worth sending."""
        if self._text.tell() > 1 << 16:
            yield self.rest()

    def rest(self) -> bytes:
        """What is written and not given away yet."""
        block = self._text.getvalue().encode("utf-8", "replace")
        self._text.seek(0)
        self._text.truncate()
        return block


def is_gone(finished_at: datetime | None) -> bool:
    """Whether the report of an import that ended then is kept no longer."""
    return finished_at is not None and clock.now() >= finished_at + KEPT_FOR


async def is_there(scope: Scope, job_id: int) -> bool:
    """Whether any row of the import came to nothing."""
    return bool(
        await db.fetch_value(
            "SELECT EXISTS (SELECT FROM import_refusals WHERE workspace_id = $1 AND job_id = $2)",
            scope.workspace_id,
            job_id,
        )
    )
