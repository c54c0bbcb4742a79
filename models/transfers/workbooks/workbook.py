"""Converts a sheet of an .xlsx workbook to CSV, in bounded memory. Blocking: call it in a process of its own."""

import csv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO
from xml.parsers import expat

from models.errors import Invalid
from models.transfers.workbooks.limits import BROKEN, refuse_bombs
from models.transfers.workbooks.shared_strings import SeenStrings, shared_strings
from models.transfers.workbooks.sheet import SheetParser
from models.transfers.workbooks.sheets import Sheet, choose_sheet, read_sheets
from models.transfers.workbooks.workbook_xml import blocks_of, date_styles

Source = Path | IO[bytes]


def convert(source: Source, target: IO[str], sheet: str | None = None, most_rows: int | None = None) -> str:
    """Writes up to `most_rows` rows as CSV, blank ones too, and returns the name of the sheet.

    Raises Invalid, LimitExceeded, or NotFound for the sheet.
    """
    with _opened(source) as archive:
        chosen = choose_sheet(read_sheets(archive), sheet)
        writer, written = csv.writer(target, lineterminator="\r\n"), 0  # so that a \r in a cell is quoted as well
        for number, cells in _each_row(archive, chosen, most_rows):
            target.write("\n" * (number - written - 1))
            writer.writerow(cells)
            written = number
    return chosen.name


def each_row(source: Source, sheet: str | None = None) -> Iterator[tuple[int, list[str]]]:
    """Reads the rows that are not blank, with their 1-based numbers."""
    with _opened(source) as archive:
        yield from _each_row(archive, choose_sheet(read_sheets(archive), sheet), None)


def sheet_names(source: Source) -> list[str]:
    """Returns the names of the sheets that can be seen."""
    with _opened(source) as archive:
        return [sheet.name for sheet in read_sheets(archive) if sheet.is_visible]


@contextmanager
def _opened(source: Source) -> Iterator[zipfile.ZipFile]:
    """Opens a workbook. Raises Invalid for all that is broken in it."""
    try:
        with zipfile.ZipFile(source) as archive:
            refuse_bombs(archive)
            yield archive
    except (zipfile.BadZipFile, zipfile.LargeZipFile, expat.ExpatError) as error:
        raise Invalid(BROKEN) from error
    except (NotImplementedError, RuntimeError, EOFError, LookupError, ValueError, OverflowError) as error:
        raise Invalid(BROKEN) from error


def _each_row(archive: zipfile.ZipFile, sheet: Sheet, most_rows: int | None) -> Iterator[tuple[int, list[str]]]:
    dates = date_styles(archive)
    last, needed = (None, None) if most_rows is None else _first_rows(archive, sheet, most_rows)
    with shared_strings(archive, needed) as strings:
        for number, cells in _parsed(archive, SheetParser(strings, dates, sheet.is_1904), sheet):
            if last is not None and number > last:
                return
            if any(cells):
                yield number, cells


def _first_rows(archive: zipfile.ZipFile, sheet: Sheet, most_rows: int) -> tuple[int, int]:
    """Returns the number of the last of them, and how many shared strings they need, so that no others are read."""
    seen = SeenStrings()
    rows = _parsed(archive, SheetParser(seen, set(), sheet.is_1904), sheet)
    numbers = [number for number, _ in islice(rows, most_rows)]
    return max(numbers, default=0), seen.count


def _parsed(archive: zipfile.ZipFile, parser: SheetParser, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    for block in blocks_of(archive, sheet.path):
        parser.feed(block)
        yield from parser.rows
        parser.rows.clear()
