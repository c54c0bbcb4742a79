"""A look through a file before any of it is taken in: whether it is text of rows at all, how to read it, and how many there are.

Blocking: call it in a thread.
"""

import codecs
import io
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from models.errors import Invalid
from models.transfers.imports.layout import (
    HEAD_BYTES,
    LONGEST_ROW,
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
from models.transfers.imports.workbook import convert


@dataclass(frozen=True, slots=True)
class InspectionRequest:
    """What the caller says of the file. `columns` are those that it will ask for; `delimiter` None: to be worked out."""

    has_header: bool = True
    delimiter: str | None = None
    columns: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Inspection:
    """What the look told: `rows` without the header, `width` the cells that each should have."""

    layout: Layout
    header: list[str] | None
    width: int
    rows: int
    starts_at: int
    """The line on which the first row after the header begins."""

    def to_json(self) -> dict[str, Any]:
        """The survey as a job keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> "Inspection":
        """A survey that a job kept."""
        return cls(**{**stored, "layout": Layout(**stored["layout"])})


def inspect(path: Path, wanted: InspectionRequest, *, sheet: bool = False) -> Inspection:
    """Read the file from end to end. Raises Invalid or LimitExceeded when it is no text of rows, or has none.

    `sheet`: it is a sheet that was converted.
    """
    layout = SHEET if sheet else _layout_of(path, wanted)
    with RowReader(path, layout) as reader:
        return _count(reader, layout, wanted)


def inspect_head(head: bytes, wanted: InspectionRequest, *, whole: bool) -> tuple[Inspection, ParsedRows]:
    """The same from the beginning of a file alone (`whole`: that is all of it), and up to a hundred of its rows."""
    layout, text = _layout_of_head(head, wanted, whole)
    return _seen(text, layout, wanted, whole=whole)


def inspect_workbook_head(path: Path, wanted: InspectionRequest) -> tuple[Inspection, ParsedRows]:
    """The same from the first rows of a workbook."""
    text = io.StringIO(newline="")
    convert(path, text, most_rows=FIRST_ROWS + 1)
    return _seen(text.getvalue(), SHEET, wanted, whole=True)


FIRST_ROWS: Final = 100


def _seen(text: str, layout: Layout, wanted: InspectionRequest, *, whole: bool) -> tuple[Inspection, ParsedRows]:
    with RowReader(io.StringIO(text, newline=""), layout) as reader:
        seen = _count(reader, layout, wanted, whole=whole)
    with RowReader(io.StringIO(text, newline=""), layout, seen.starts_at) as reader:
        return seen, reader.take(FIRST_ROWS)


def _count(reader: RowReader, layout: Layout, wanted: InspectionRequest, *, whole: bool = True) -> Inspection:
    first = reader.take(1)
    header, width = _first_row(first, wanted.has_header)
    starts_at = reader.next_line if wanted.has_header else layout.first_line
    rows = 0 if wanted.has_header else len(first)
    while found := len(reader.take(10_000)):
        rows += found
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


def _layout_of(path: Path, wanted: InspectionRequest) -> Layout:
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        encoding, doubtful = guess_encoding(head), False
        _refuse_endless_lines(file, encoding)
        if encoding.startswith("utf-8"):
            found, doubtful = _checked(file)
            encoding = encoding if found == "utf-8" else found
    return _delimited(encoding, doubtful, _decoded(head, encoding), wanted)


def _refuse_endless_lines(file: BinaryIO, encoding: str) -> None:
    """Raise Invalid for a line that would not fit into memory: from here on, files are read by lines. Rewinds the file."""
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


def _layout_of_head(head: bytes, wanted: InspectionRequest, whole: bool) -> tuple[Layout, str]:
    encoding = guess_encoding(head)
    if encoding.startswith("utf-8"):
        found, _ = _checked(io.BytesIO(head))
        encoding = encoding if found == "utf-8" else found
    text = _decoded(head, encoding)
    last = text.rfind("\n") + 1
    if not whole and len(text) - last <= LONGEST_ROW:
        text = text[:last]  # the row after it is cut off
    return _delimited(encoding, False, text, wanted), text


def _checked(file: BinaryIO) -> tuple[str, bool]:
    check = EncodingCheck()
    while block := file.read(HEAD_BYTES):
        check.feed(block)
    return check.verdict()


def _decoded(head: bytes, encoding: str) -> str:
    """As much of the text as the first bytes hold: their last character may be cut off."""
    return codecs.getincrementaldecoder(encoding)("replace").decode(head)


def _delimited(encoding: str, doubtful: bool, text: str, wanted: InspectionRequest) -> Layout:
    guessed, first_line = guess_delimiter(text, wanted.columns)
    return Layout(encoding, wanted.delimiter or guessed, doubtful, first_line)
