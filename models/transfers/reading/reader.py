"""Reads rows of delimited text. A broken row does not affect others. Blocking: call it in a thread."""

import csv
from collections.abc import Iterable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TextIO

from models.errors import Invalid
from models.transfers.cells import LONGEST_ROW
from models.transfers.reading.encodings import has_bad_bytes
from models.transfers.reading.layout import Layout, too_long
from models.transfers.reading.quotes import cells_of_line

BLOCK: Final = 1 << 20

MOST_BLOCKS: Final = 4
"""Per `take`, to bound memory."""

BROKEN_QUOTES: Final = (
    "the quotes do not match: a cell that holds a quote or a line break stands in quotes,"
    ' and each quote inside is doubled ("")'
)
BROKEN_BYTES: Final = "the row holds bytes that are not UTF-8, as the rest of the file is: save the file as UTF-8"


@dataclass(slots=True)
class ParsedRows:
    """`cells[i]` begins on line `lines[i]`. `broken`: line, cells, reason."""

    lines: list[int] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    broken: list[tuple[int, list[str], str]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.lines) + len(self.broken)


class RowReader(AbstractContextManager["RowReader"]):
    """Reads rows from line `from_line` on, without blank ones."""

    def __init__(self, source: Path | TextIO, layout: Layout, from_line: int | None = None) -> None:
        self._layout = layout
        self._file = _open(source, layout) if isinstance(source, Path) else source
        self._lines: list[str] = []
        self._blocks = 0
        self.next_line = 1
        self._skip(layout.first_line if from_line is None else from_line)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def _skip(self, to_line: int) -> None:
        if self._layout.sheet:
            self.next_line += sum(1 for _ in islice(self._parser(self._file), to_line - 1))
        else:
            self.next_line += sum(1 for _ in islice(self._file, to_line - 1))

    def take(self, most: int) -> ParsedRows:
        """Returns up to `most` rows, fewer when they are long; none at the end. Raises Invalid."""
        rows, until = ParsedRows(), self._blocks + MOST_BLOCKS
        while len(rows) < most and (self._blocks < until or not len(rows)) and (self._lines or self._read_more()):
            taken = self._parse(rows, most)
            ended = taken == len(self._lines)
            del self._lines[:taken]
            if not ended and len(rows) < most:
                self._continue_row(rows)
        return rows

    def _read_more(self) -> bool:
        try:
            more = self._file.readlines(BLOCK)
        except UnicodeError:
            message = (
                f"line {self.next_line} or one soon after it is not {self._layout.encoding}: save the file as UTF-8"
            )
            raise Invalid(message, ("encoding",)) from None
        self._lines += more
        self._blocks += 1
        return bool(more)

    def _parse(self, rows: ParsedRows, most: int) -> int:
        """Parses up to a broken row, and returns how many lines were used."""
        parser, doubtful, sheet = self._parser(self._lines), self._layout.doubtful, self._layout.sheet
        taken, left = 0, most - len(rows)
        with suppress(csv.Error):
            for cells in parser:
                line = self.next_line
                self.next_line += 1 if sheet else parser.line_num - taken
                taken = parser.line_num
                if not (cells and cells[0].strip()) and not any(map(str.strip, cells)):
                    continue
                if doubtful and has_bad_bytes(cells):
                    rows.broken.append((line, [_readable(cell) for cell in cells], BROKEN_BYTES))
                else:
                    rows.lines.append(line)
                    rows.cells.append(cells)
                left -= 1
                if not left:
                    break
        return taken

    def _continue_row(self, rows: ParsedRows) -> None:
        """Read on, in case the row continues; else reject its first line."""
        characters = sum(map(len, islice(self._lines, LONGEST_ROW)))
        if len(self._lines[0]) > LONGEST_ROW:
            raise too_long(self.next_line)
        if characters <= LONGEST_ROW and self._read_more():
            return
        first = self._lines.pop(0)
        cells = cells_of_line(first, self._layout.delimiter)
        if cells is None:
            cells = next(csv.reader([first], delimiter=self._layout.delimiter), [])
            rows.broken.append((self.next_line, [_readable(cell.rstrip("\r\n")) for cell in cells], BROKEN_QUOTES))
        else:
            rows.lines.append(self.next_line)
            rows.cells.append(cells)
        self.next_line += 1

    def _parser(self, lines: Iterable[str]) -> Any:
        spaced = not self._layout.sheet
        return csv.reader(lines, delimiter=self._layout.delimiter, strict=True, skipinitialspace=spaced)


def _open(path: Path, layout: Layout) -> TextIO:
    return path.open(encoding=layout.encoding, errors=layout.errors, newline="")


def _readable(cell: str) -> str:
    return cell.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
