"""Converts the first sheet of an .xlsx workbook to CSV, in bounded memory. Blocking: call it in a thread."""

import csv
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, Final
from xml.parsers import expat

from models.errors import Invalid
from models.transfers.workbooks.shared_strings import shared_strings
from models.transfers.workbooks.sheet import SheetParser
from models.transfers.workbooks.workbook_xml import blocks_of, date_styles, first_sheet

SUSPICIOUS_BYTES: Final = 100 << 20
SUSPICIOUS_RATIO: Final = 200
"""No part of a real workbook is this large and this tightly packed."""

_BROKEN: Final = "the workbook can't be read: save it anew as .xlsx, or as CSV"


def convert(source: Path | IO[bytes], target: IO[str], most_rows: int | None = None) -> None:
    """Writes up to `most_rows` rows as CSV; blank rows stay blank. Raises Invalid or LimitExceeded."""
    writer, written = csv.writer(target, lineterminator="\n"), 0
    for number, cells in islice(each_row(source), most_rows):
        target.write("\n" * (number - written - 1))
        writer.writerow(cells)
        written = number


def each_row(source: Path | IO[bytes]) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not blank, with 1-based numbers."""
    try:
        with ExitStack() as stack:
            archive = stack.enter_context(zipfile.ZipFile(source))
            _refuse_bombs(archive)
            sheet, is_1904 = first_sheet(archive)
            dates = date_styles(archive)
            strings = stack.enter_context(shared_strings(archive))
            parser = SheetParser(strings, dates, is_1904)
            for block in blocks_of(archive, sheet):
                parser.feed(block)
                yield from parser.rows
                parser.rows.clear()
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        expat.ExpatError,
        NotImplementedError,
        RuntimeError,
        EOFError,
    ) as error:
        raise Invalid(_BROKEN) from error
    except (KeyError, ValueError, OverflowError, IndexError) as error:
        raise Invalid(_BROKEN) from error


def _refuse_bombs(archive: zipfile.ZipFile) -> None:
    for part in archive.infolist():
        if part.file_size > SUSPICIOUS_BYTES and part.file_size > SUSPICIOUS_RATIO * max(1, part.compress_size):
            raise Invalid("the workbook unpacks to far more than it holds: save the sheet as CSV")
