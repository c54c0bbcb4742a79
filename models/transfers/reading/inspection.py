"""Inspects a file before its import. Blocking, and in bounded memory only within `bounded.py`."""

import codecs
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final

from models.errors import Invalid, Unsupported
from models.transfers.cells import LONGEST_ROW
from models.transfers.reading.encodings import EncodingCheck, encoding_by_bytes
from models.transfers.reading.header_row import likely_header_row
from models.transfers.reading.kinds import is_workbook, refuse_other_bytes, refuse_other_texts
from models.transfers.reading.layout import (
    HEAD_BYTES,
    SHEET,
    Layout,
    check_width,
    guess_delimiter,
    read_header,
    too_long,
)
from models.transfers.reading.reader import ParsedRows, RowReader
from models.transfers.workbooks.workbook import convert, sheet_names

FIRST_ROWS: Final = 100
"""Suggestions look at so many."""


@dataclass(frozen=True, slots=True)
class InspectionRequest:
    """What the caller says of a file; None means to find it out. `columns` are those that are mapped."""

    has_header: bool = True
    delimiter: str | None = None
    columns: Collection[str] = ()
    encoding: str | None = None
    header_row: int | None = 1
    sheet: str | None = None


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was found out. `rows` do not count the header; `width` is the number of cells per row."""

    layout: Layout
    header: list[str] | None
    width: int
    rows: int
    starts_at: int
    """The line of the first row after the header."""
    header_row: int = 1
    sheet: str | None = None
    sheets: Sequence[str] = ()
    """The sheets of a workbook that can be seen."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Inspection":
        return cls(**{**stored, "layout": Layout(**stored["layout"])})


# ---------------------------------------------------------------- a whole file


def inspect(path: Path, request: InspectionRequest, table: Path) -> Inspection:
    """Inspects a whole file.

    Writes the rows of a workbook to `table`, from which they are read then. Raises DomainError, with a path for what
    another request would mend.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    refuse_other_bytes(head)
    if not is_workbook(head):
        layout = _layout_of(path, head, request)
        with RowReader(path, layout) as reader:
            return _inspect_rows(reader, layout, request)
    with table.open("w", encoding="utf-8", newline="") as target:
        sheet = convert(path, target, request.sheet)
    with RowReader(table, SHEET) as reader:
        return replace(_inspect_rows(reader, SHEET, request), sheet=sheet)


def _layout_of(path: Path, head: bytes, request: InspectionRequest) -> Layout:
    _refuse_a_sheet(request)
    with path.open("rb") as file:
        encoding, doubtful = encoding_by_bytes(head, request.encoding), False
        _refuse_endless_lines(file, encoding or "utf-8")
        if encoding is None or encoding == "utf-8-sig":
            checked, doubtful = _check_encoding(file, encoding or request.encoding)
            encoding = encoding or checked
    return _layout(encoding, doubtful, _decode_head(head, encoding), request)


def _refuse_a_sheet(request: InspectionRequest) -> None:
    if request.sheet is not None:
        raise Unsupported("only a workbook has sheets, and the file is none: leave `sheet` out", ("sheet",))


def _refuse_endless_lines(file: BinaryIO, encoding: str) -> None:
    """Raises Invalid for lines that RowReader could not keep in memory. Rewinds the file."""
    decoder = codecs.getincrementaldecoder("latin-1" if encoding.startswith("utf-8") else encoding)("replace")
    file.seek(0)
    line, length, most = 1, 0, LONGEST_ROW * (4 if encoding.startswith("utf-8") else 1)
    while block := file.read(HEAD_BYTES):
        text = decoder.decode(block)
        last = max(text.rfind("\n"), text.rfind("\r"))
        length = length + len(text) if last < 0 else len(text) - last - 1
        line += text.count("\n")
        if length > most:
            raise too_long(line)
    file.seek(0)


def _check_encoding(file: BinaryIO, wanted: str | None) -> tuple[str, bool]:
    check = EncodingCheck(None if wanted is None else "utf-8")
    while block := file.read(HEAD_BYTES):
        check.feed(block)
    return check.verdict()


def _decode_head(head: bytes, encoding: str) -> str:
    return codecs.getincrementaldecoder(encoding)("replace").decode(head)


def _layout(encoding: str, doubtful: bool, text: str, request: InspectionRequest) -> Layout:
    refuse_other_texts(text)
    below = text.split("\n", request.header_row - 1)[-1] if request.header_row else text
    guessed, first_line = guess_delimiter(text, request.columns)
    if first_line == 1 and below and below != text:
        guessed, _ = guess_delimiter(below, request.columns)
    return Layout(encoding, request.delimiter or guessed, doubtful, first_line)


# ---------------------------------------------------------------- the beginning of a file


def inspect_head(head: bytes, request: InspectionRequest, *, whole: bool) -> tuple[Inspection, ParsedRows]:
    """Inspects the first bytes (`whole`: all of them), and returns up to FIRST_ROWS rows, too. Raises DomainError."""
    refuse_other_bytes(head)
    _refuse_a_sheet(request)
    layout, text = _layout_of_head(head, request, whole)
    return _inspect_text(text, layout, request, whole=whole)


def inspect_workbook_head(path: Path, request: InspectionRequest) -> tuple[Inspection, ParsedRows]:
    """Inspects the first rows of a workbook, as `inspect_head` does those of a text."""
    with path.open("rb") as file:
        refuse_other_bytes(file.read(HEAD_BYTES))
    text = io.StringIO(newline="")
    sheet = convert(path, text, request.sheet, most_rows=FIRST_ROWS + (request.header_row or 1))
    inspection, rows = _inspect_text(text.getvalue(), SHEET, request, whole=True)
    return replace(inspection, sheet=sheet, sheets=sheet_names(path)), rows


def _layout_of_head(head: bytes, request: InspectionRequest, whole: bool) -> tuple[Layout, str]:
    encoding = encoding_by_bytes(head, request.encoding)
    if encoding is None:
        encoding, _ = _check_encoding(io.BytesIO(head), request.encoding)
    elif not encoding.startswith("utf-8"):
        _refuse_other_encodings(head, encoding)
    text = _decode_head(head, encoding)
    last = text.rfind("\n") + 1
    if not whole and len(text) - last <= LONGEST_ROW:
        text = text[:last]  # the next row may be incomplete
    return _layout(encoding, False, text, request), text


def _refuse_other_encodings(head: bytes, encoding: str) -> None:
    """Raises Invalid with the line that is not in the encoding. The head may end inside a character."""
    try:
        codecs.getincrementaldecoder(encoding)().decode(head)
    except UnicodeDecodeError as error:
        line = head.count(b"\n", 0, error.start) + 1
        raise Invalid(f"line {line} is not {encoding}: save the file as UTF-8", ("encoding",)) from None


def _inspect_text(
    text: str, layout: Layout, request: InspectionRequest, *, whole: bool
) -> tuple[Inspection, ParsedRows]:
    if request.header_row is None:
        request = replace(request, header_row=_find_header_row(text, layout) if request.has_header else 1)
    with RowReader(io.StringIO(text, newline=""), layout) as reader:
        inspection = _inspect_rows(reader, layout, request, whole=whole)
    with RowReader(io.StringIO(text, newline=""), layout, inspection.starts_at) as reader:
        return inspection, reader.take(FIRST_ROWS)


# ---------------------------------------------------------------- rows


def _find_header_row(text: str, layout: Layout) -> int:
    with RowReader(io.StringIO(text, newline=""), layout) as reader:
        rows = [
            (number, parsed.cells[0]) for number, _, parsed in islice(_each_row(reader), FIRST_ROWS) if parsed.cells
        ]
    return likely_header_row(rows)


def _inspect_rows(reader: RowReader, layout: Layout, request: InspectionRequest, *, whole: bool = True) -> Inspection:
    header_row, starts_at, first = _first_row(reader, request.header_row or 1)
    header, width = _header_of(first, request.has_header)
    starts_at = starts_at if header is None else reader.next_line
    rows = len(first) if header is None else 0
    while len(parsed := reader.take(10_000)):
        if header is None and layout.sheet and rows < FIRST_ROWS:  # the last cells of the first row may be empty
            width = max(width, *(len(cells) for cells in parsed.cells[:FIRST_ROWS]))
        rows += len(parsed)
    if rows == 0 and whole:
        raise Invalid("the file has a header and no rows: there is nothing to import")
    return Inspection(layout, header, width, rows, starts_at, header_row)


def _first_row(reader: RowReader, header_row: int) -> tuple[int, int, ParsedRows]:
    """Returns the number of the header or first row, its line and itself. Raises Invalid when there is none."""
    number = 0
    for number, line, parsed in _each_row(reader):
        if number >= header_row:
            return number, line, parsed
    if number:
        raise Invalid(f"the file ends at row {number}, before row {header_row}", ("headerRow",))
    raise Invalid("the file has no rows: send a header and at least one row")


def _each_row(reader: RowReader) -> Iterator[tuple[int, int, ParsedRows]]:
    """Reads one row at a time, with its number, as a spreadsheet counts (blank ones too), and its line."""
    number, next_line = 1, reader.next_line
    while len(parsed := reader.take(1)):
        line = parsed.lines[0] if parsed.lines else parsed.broken[0][0]
        number += line - next_line
        yield number, line, parsed
        number, next_line = number + 1, reader.next_line


def _header_of(first: ParsedRows, has_header: bool) -> tuple[list[str] | None, int]:
    if first.broken:
        raise Invalid(f"line {first.broken[0][0]} can't be read: {first.broken[0][2]}")
    header = read_header(first.cells[0]) if has_header else None
    return header, len(check_width(first.cells[0])) if header is None else len(header)
