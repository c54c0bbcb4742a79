"""How the rows of a text are written: encoding and delimiter."""

import csv
import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from models.errors import Invalid, LimitExceeded
from models.transfers.cells import LONGEST_ROW, MOST_COLUMNS

DELIMITERS: Final = ",;\t|"

HEAD_BYTES: Final = 1 << 20

csv.field_size_limit(LONGEST_ROW)


@dataclass(frozen=True, slots=True)
class Layout:
    """`first_line`: of the header, or of the first row.

    `doubtful`: a row with bytes outside the encoding is rejected, and no other.
    """

    encoding: str
    delimiter: str
    doubtful: bool = False
    first_line: int = 1
    sheet: bool = False
    """A line is a row of a workbook's sheet, even with line breaks in cells."""

    @property
    def errors(self) -> str:
        return "surrogateescape" if self.doubtful else "strict"


SHEET: Final = Layout("utf-8", ",", sheet=True)
"""What `workbook.convert` writes."""


# ---------------------------------------------------------------- delimiters


_SEPARATOR_LINE: Final = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)


def guess_delimiter(head: str, wanted: Collection[str]) -> tuple[str, int]:
    """Returns the delimiter, and the line on which the rows begin.

    The best delimiter shows most `wanted` columns; next, it gives most rows the same number of cells.
    """
    declared = _SEPARATOR_LINE.match(head)
    if declared is not None:
        return declared.group(1), 2
    rows = {delimiter: first_rows(head, delimiter, 50) for delimiter in DELIMITERS}
    return max(DELIMITERS, key=lambda delimiter: _evenness(rows[delimiter], wanted)), 1


def _evenness(rows: Sequence[Sequence[str]], wanted: Collection[str]) -> tuple[int, float, int]:
    widths = Counter(len(row) for row in rows)
    if not widths:
        return 0, 0.0, 0
    width, times = widths.most_common(1)[0]
    found = max(len({cell.strip() for cell in row} & set(wanted)) for row in rows)
    return found, times / len(rows) if width > 1 else 0.0, width


def first_rows(text: str, delimiter: str, most: int) -> list[list[str]]:
    """Returns rows of lines that are not blank; the text may end anywhere."""
    rows: list[list[str]] = []
    try:
        for cells in csv.reader(text.splitlines(keepends=True), delimiter=delimiter, skipinitialspace=True):
            if cells:
                rows.append(cells)
            if len(rows) == most:
                break
    except csv.Error:
        pass  # the rows before are enough to compare delimiters
    return rows


def check_delimiter(delimiter: str) -> str:
    """Raises Invalid."""
    if len(delimiter) != 1 or delimiter in '"\r\n\x00 ' or delimiter.isalnum():
        raise Invalid("a delimiter is one character, such as , or ; or a tab")
    return delimiter


# ---------------------------------------------------------------- headers


MOST_HEADER_ROW: Final = 1_000


def check_header_row(number: int) -> int:
    """Raises Invalid."""
    if not 1 <= number <= MOST_HEADER_ROW:
        raise Invalid(f"the header stands in a row from 1 to {MOST_HEADER_ROW:,}")
    return number


def read_header(cells: Sequence[str]) -> list[str]:
    """Raises LimitExceeded."""
    header = [cell.strip().strip("\ufeff").strip() for cell in cells]
    while header and not header[-1]:
        header.pop()
    return check_width(header)


def too_long(line: int) -> Invalid:
    return Invalid(f"line {line} is longer than {LONGEST_ROW:,} characters: this is no list of contacts")


def check_width(cells: list[str]) -> list[str]:
    """Raises LimitExceeded."""
    if len(cells) > MOST_COLUMNS:
        raise LimitExceeded(f"the file has {len(cells):,} columns: at most {MOST_COLUMNS} can be read")
    return cells
