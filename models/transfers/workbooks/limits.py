"""What no real workbook exceeds: it is checked before anything is made of it."""

import zipfile
from typing import Final

from models.errors import Invalid, LimitExceeded

MOST_ROWS: Final = 1_048_576
"""No sheet has more rows, in any spreadsheet program (Excel's specifications and limits)."""

MOST_CELLS: Final = 16_384
LONGEST_COLUMN: Final = 3
"""No row has more cells, and no column a longer name: the last one of a sheet is XFD."""

MOST_BYTES: Final = 4 << 30
"""The parts that are read hold no more when they are unpacked."""

SUSPICIOUS_BYTES: Final = 100 << 20
SUSPICIOUS_RATIO: Final = 200
"""No part of a real workbook is this large and this tightly packed."""

MOST_BYTES_OF_A_TAG: Final = 4 << 20
"""An XML parser keeps a tag until it ends."""

MOST_SHEETS: Final = 1_000

BROKEN: Final = "the workbook can't be read: save it anew as .xlsx, or as CSV"


def refuse_bombs(archive: zipfile.ZipFile) -> None:
    """Raises Invalid or LimitExceeded for a workbook that unpacks to too much."""
    parts = [part for part in archive.infolist() if part.filename.lower().endswith((".xml", ".rels"))]
    for part in parts:
        if part.file_size > SUSPICIOUS_BYTES and part.file_size > SUSPICIOUS_RATIO * max(1, part.compress_size):
            raise Invalid("the workbook unpacks to far more than it holds: save the sheet as CSV")
    if sum(part.file_size for part in parts) > MOST_BYTES:
        raise LimitExceeded(
            f"the workbook unpacks to more than {MOST_BYTES >> 30} GiB: save the sheet as CSV, or split it"
        )


def check_row(number: int) -> int:
    """Returns the number of a row. Raises Invalid beyond the last row."""
    if number > MOST_ROWS:
        raise Invalid(f"the sheet has a row {number:,}, and no sheet has more than {MOST_ROWS:,}: save it anew")
    return number


def check_column(letters: str) -> str:
    """Returns the name of a column. Raises Invalid when no column is called so."""
    if len(letters) > LONGEST_COLUMN or not (letters.isascii() and letters.isalpha() and letters.isupper()):
        raise Invalid(f"the sheet has a cell in the column {letters[:20]!r}, which no sheet has: save it anew")
    return letters


def check_cell(index: int) -> int:
    """Returns the 0-based index of a cell in its row. Raises Invalid beyond the last column."""
    if index >= MOST_CELLS:
        raise Invalid(f"the sheet has a row of more than {MOST_CELLS:,} cells, and no sheet has more: save it anew")
    return index
