"""Makes the workbook of an export from its parts, in bounded memory."""

import asyncio
import csv
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import xlsxwriter

from models.contacts.attributes import Fields
from models.errors import LimitExceeded
from models.queue.jobs import Job
from models.rules.tree import FieldType
from models.transfers.cells import guard, plain_cell
from models.transfers.exports.export_file import part_key, workbook_key
from models.transfers.files import put_file, storage
from models.transfers.imports.mapping import ATTRIBUTES, KEYS

MOST_ROWS: Final = 1_048_575
"""Of a sheet, without its header."""

LONGEST_CELL: Final = 32_767
"""Characters."""

_COLUMN_WIDTH: Final = 18

_MOST_EXACT: Final = 10**15
"""Spreadsheets keep fifteen digits of a number."""


MOST_CELLS: Final = 20_000_000
"""So that the step that writes them ends within the time of a task: a cell takes 8 microseconds."""


def check_size(rows: int, columns: int) -> None:
    """Raises LimitExceeded."""
    if rows > MOST_ROWS:
        raise LimitExceeded(f"a workbook holds {MOST_ROWS:,} rows, and there are {rows:,} contacts: export them as CSV")
    if rows * columns > MOST_CELLS:
        raise LimitExceeded(
            f"{rows:,} contacts with {columns} fields are more than the {MOST_CELLS:,} cells of a workbook: choose fewer"
            " `fields`, or export as CSV"
        )


async def write_workbook(job: Job, custom: Fields) -> int | None:
    """Give the bytes; None when the job was cancelled meanwhile. Raises LimitExceeded."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "contacts.xlsx"
        sheet = await asyncio.to_thread(_Sheet, path, folder, job.input["fields"], custom)
        try:
            for index in range(len(job.progress["parts"])):
                if job.cancel_asked_at is not None:
                    return None
                async with storage().on_disk(part_key(job.workspace_id, job.id, index)) as part:
                    await asyncio.to_thread(sheet.add, part, has_header=index == 0)
            await asyncio.to_thread(sheet.close)
        finally:
            sheet.forget()
        return await put_file(workbook_key(job.workspace_id, job.id), path)


class _Sheet:
    """Blocking: call it in a thread."""

    def __init__(self, path: Path, folder: str, names: Sequence[str], custom: Fields) -> None:
        self._book: Any = xlsxwriter.Workbook(path, {"constant_memory": True, "tmpdir": folder})
        self._book.use_zip64()
        self._sheet: Any = self._book.add_worksheet("Contacts")
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, len(names) - 1, _COLUMN_WIDTH)
        self._bold = self._book.add_format({"bold": True})
        self._writers = [self._writer_of(name, custom) for name in names]
        self._row = 0

    def add(self, part: Path, *, has_header: bool) -> None:
        with part.open(encoding="utf-8", newline="") as file:
            rows = csv.reader(file)
            if has_header:
                self._add_header(next(rows))
            for cells in rows:
                for column, cell in enumerate(cells):
                    if cell:
                        self._writers[column](column, cell)
                self._row += 1
                check_size(self._row - 1, len(self._writers))

    def close(self) -> None:
        self._book.close()

    def forget(self) -> None:
        """Close what is open, when there will be no workbook."""
        self._sheet.row_data_fh.close()

    def _add_header(self, names: Sequence[str]) -> None:
        for column, name in enumerate(names):
            self._sheet.write_string(0, column, name, self._bold)
        self._row = 1

    # ------------------------------------------------------------ cells

    def _writer_of(self, name: str, custom: Fields) -> Callable[[int, str], None]:
        field = custom.get(name.removeprefix(ATTRIBUTES)) if name.startswith(ATTRIBUTES) else None
        kind = FieldType.NUMBER if name == "score" else FieldType.TEXT if field is None else field.type
        match kind:
            case FieldType.NUMBER:
                return self._write_number
            case FieldType.BOOLEAN:
                return lambda column, cell: self._sheet.write_boolean(self._row, column, cell == "true")
            case _:
                return partial(self._write_text, is_key=name in KEYS)

    def _write_text(self, column: int, text: str, *, is_key: bool = False) -> None:
        """A text is never a formula here, so it is guarded only where an import would read something else."""
        written = text if plain_cell(text, is_key=is_key) == text else guard(text, is_key=is_key)
        if len(written) > LONGEST_CELL:
            raise LimitExceeded(
                f"a cell of a workbook holds {LONGEST_CELL:,} characters, and one has {len(written):,}: export as CSV"
            )
        self._sheet.write_string(self._row, column, written)

    def _write_number(self, column: int, text: str) -> None:
        """As text, if a spreadsheet would round it."""
        with suppress(ValueError, OverflowError):
            number = float(text)
            if abs(number) < _MOST_EXACT and float(format(number, ".15g")) == number:
                self._sheet.write_number(self._row, column, number)
                return
        self._write_text(column, text)
