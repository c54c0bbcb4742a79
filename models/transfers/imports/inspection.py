"""Inspects a file before its import. Blocking: call it in a thread."""

import codecs
import io
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from models.errors import Invalid
from models.transfers.cells import LONGEST_ROW
from models.transfers.imports.layout import (
    HEAD_BYTES,
    SHEET,
    EncodingCheck,
    Layout,
    check_width,
    guess_delimiter,
    guess_encoding,
    read_header,
    too_long,
)
from models.transfers.imports.reader import ParsedRows, RowReader
from models.transfers.workbooks.workbook import convert


@dataclass(frozen=True, slots=True)
class InspectionRequest:
    """`delimiter` None: find it out. `columns`: those mapped."""

    has_header: bool = True
    delimiter: str | None = None
    columns: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Inspection:
    """`rows` do not count the header; `width` is cells per row."""

    layout: Layout
    header: list[str] | None
    width: int
    rows: int
    starts_at: int
    """The line of the first row after the header."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Inspection":
        return cls(**{**stored, "layout": Layout(**stored["layout"])})


def inspect(path: Path, request: InspectionRequest, *, sheet: bool = False) -> Inspection:
    """Inspects a whole file. `sheet`: converted from a workbook. Raises Invalid or LimitExceeded."""
    layout = SHEET if sheet else _layout_of(path, request)
    with RowReader(path, layout) as reader:
        return _count(reader, layout, request)


def inspect_head(head: bytes, request: InspectionRequest, *, whole: bool) -> tuple[Inspection, ParsedRows]:
    """Inspect the first bytes (`whole`: all). Gives up to FIRST_ROWS rows."""
    layout, text = _layout_of_head(head, request, whole)
    return _inspect_text(text, layout, request, whole=whole)


def inspect_workbook_head(path: Path, request: InspectionRequest) -> tuple[Inspection, ParsedRows]:
    text = io.StringIO(newline="")
    convert(path, text, most_rows=FIRST_ROWS + 1)
    return _inspect_text(text.getvalue(), SHEET, request, whole=True)


FIRST_ROWS: Final = 100


def _inspect_text(
    text: str, layout: Layout, request: InspectionRequest, *, whole: bool
) -> tuple[Inspection, ParsedRows]:
    with RowReader(io.StringIO(text, newline=""), layout) as reader:
        inspection = _count(reader, layout, request, whole=whole)
    with RowReader(io.StringIO(text, newline=""), layout, inspection.starts_at) as reader:
        return inspection, reader.take(FIRST_ROWS)


def _count(reader: RowReader, layout: Layout, request: InspectionRequest, *, whole: bool = True) -> Inspection:
    first = reader.take(1)
    header, width = _first_row(first, request.has_header)
    starts_at = reader.next_line if request.has_header else layout.first_line
    rows = 0 if request.has_header else len(first)
    while count := len(reader.take(10_000)):
        rows += count
    if rows == 0 and whole:
        raise Invalid("the file has a header and no rows: there is nothing to import")
    return Inspection(layout, header, width, rows, starts_at)


def _first_row(first: ParsedRows, has_header: bool) -> tuple[list[str] | None, int]:
    if first.broken:
        raise Invalid(f"line {first.broken[0][0]} can't be read: {first.broken[0][2]}")
    if not first.cells:
        raise Invalid("the file has no rows: send a header and at least one row")
    header = read_header(first.cells[0]) if has_header else None
    return header, len(check_width(first.cells[0])) if header is None else len(header)


def _layout_of(path: Path, request: InspectionRequest) -> Layout:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        encoding, doubtful = guess_encoding(head), False
        _refuse_endless_lines(file, encoding)
        if encoding.startswith("utf-8"):
            checked, doubtful = _check_encoding(file)
            encoding = encoding if checked == "utf-8" else checked
    return _layout_with_delimiter(encoding, doubtful, _decode_head(head, encoding), request)


def _refuse_endless_lines(file: BinaryIO, encoding: str) -> None:
    """RowReader reads whole lines, which must fit into memory. Rewinds the file."""
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


def _layout_of_head(head: bytes, request: InspectionRequest, whole: bool) -> tuple[Layout, str]:
    encoding = guess_encoding(head)
    if encoding.startswith("utf-8"):
        checked, _ = _check_encoding(io.BytesIO(head))
        encoding = encoding if checked == "utf-8" else checked
    text = _decode_head(head, encoding)
    last = text.rfind("\n") + 1
    if not whole and len(text) - last <= LONGEST_ROW:
        text = text[:last]  # the next row may be incomplete
    return _layout_with_delimiter(encoding, False, text, request), text


def _check_encoding(file: BinaryIO) -> tuple[str, bool]:
    check = EncodingCheck()
    while block := file.read(HEAD_BYTES):
        check.feed(block)
    return check.verdict()


def _decode_head(head: bytes, encoding: str) -> str:
    return codecs.getincrementaldecoder(encoding)("replace").decode(head)


def _layout_with_delimiter(encoding: str, doubtful: bool, text: str, request: InspectionRequest) -> Layout:
    guessed, first_line = guess_delimiter(text, request.columns)
    return Layout(encoding, request.delimiter or guessed, doubtful, first_line)
