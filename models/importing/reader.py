"""The rows of a delimited text, one after another, each with the line it begins on; a broken one costs no other.

Blocking: call it in a thread. Memory is bounded by the longest row, not by the file.
"""

import csv
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Final, TextIO

from models.errors import Invalid
from models.importing.layout import LONGEST_ROW, Layout, has_bad_bytes

BROKEN_QUOTES: Final = (
    "the quotes do not match: a cell that holds a quote or a line break stands in quotes,"
    ' and each quote inside is doubled ("")'
)
BROKEN_BYTES: Final = "the row holds bytes that are not UTF-8, as the rest of the file is: save the file as UTF-8"


@dataclass(slots=True)
class Rows:
    """Some rows, as they came: `lines[i]` is where `cells[i]` begins. `broken` could not be read: line, cells, reason."""

    lines: list[int] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    broken: list[tuple[int, list[str], str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines) + len(self.broken)


class _RowTooLong(Exception):
    """No end of the row in sight."""


class RowReader(AbstractContextManager["RowReader"]):
    """Reads rows from line `from_line` on (None: from the first). Blank ones, with nothing in any cell, are passed over."""

    def __init__(self, source: Path | TextIO, layout: Layout, from_line: int | None = None) -> None:
        self._layout = layout
        self._file = _opened(source, layout) if isinstance(source, Path) else source
        self.next_line = 1
        """The line on which the next row begins."""
        self._held: list[str] = []  # the lines of the row that is being read
        self._again: list[str] = []  # lines to be read once more, the next one last
        self._reader = self._new_reader()
        self._skip(layout.first_line if from_line is None else from_line)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _skip(self, to_line: int) -> None:
        if self._layout.sheet:
            self.next_line += sum(1 for _ in islice(self._reader, to_line - 1))
            self._held.clear()
        else:
            while self.next_line < to_line and self._file.readline(LONGEST_ROW + 1):
                self.next_line += 1

    def take(self, most: int) -> Rows:
        """The next `most` rows, or fewer at the end. Raises Invalid when the file is no text of rows from here on."""
        rows = Rows()
        while len(rows) < most:
            try:
                self._read(rows, most)
                break
            except csv.Error:
                self._set_aside(rows)
            except _RowTooLong:
                if len(self._held) < 2:
                    raise Invalid(
                        f"line {self.next_line} is longer than {LONGEST_ROW:,} characters: this is no list of contacts"
                    ) from None
                self._set_aside(rows)
            except UnicodeError:
                raise Invalid(f"line {self.next_line} or one soon after it is not {self._layout.encoding}") from None
        return rows

    def _read(self, rows: Rows, most: int) -> None:
        held, doubtful, sheet = self._held, self._layout.doubtful, self._layout.sheet
        next_line, left = self.next_line, most - len(rows)
        for cells in self._reader:
            line = next_line
            self.next_line = next_line = line + (1 if sheet else len(held))
            held.clear()
            if not (cells and cells[0].strip()) and not any(map(str.strip, cells)):
                continue
            if doubtful and has_bad_bytes(cells):
                rows.broken.append((line, [_legible(cell) for cell in cells], BROKEN_BYTES))
            else:
                rows.lines.append(line)
                rows.cells.append(cells)
            left -= 1
            if not left:
                return

    def _set_aside(self, rows: Rows) -> None:
        """The row that begins here has no sound end: its first line is the broken one, and reading goes on after it."""
        first, *others = self._held
        cells = next(csv.reader([first], delimiter=self._layout.delimiter), [])
        rows.broken.append((self.next_line, [_legible(cell.rstrip("\r\n")) for cell in cells], BROKEN_QUOTES))
        self._again.extend(reversed(others))
        self._held.clear()
        self.next_line += 1
        self._reader = self._new_reader()

    def _new_reader(self) -> Iterator[list[str]]:
        return csv.reader(self._lines(), delimiter=self._layout.delimiter, strict=True)

    def _lines(self) -> Iterator[str]:
        held, again, readline = self._held, self._again, self._file.readline
        characters = 0
        while True:
            line = again.pop() if again else readline(LONGEST_ROW + 1)
            if not line:
                return
            characters = characters + len(line) if held else len(line)
            held.append(line)
            if characters > LONGEST_ROW:
                raise _RowTooLong
            yield line


def _opened(path: Path, layout: Layout) -> TextIO:
    return path.open(encoding=layout.encoding, errors=layout.errors, newline="")


def _legible(cell: str) -> str:
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
