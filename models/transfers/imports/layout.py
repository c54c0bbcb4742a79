"""Finds out the kind, encoding and delimiter of a file."""

import codecs
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


# ---------------------------------------------------------------- kinds of files


_MARKS: Final[Sequence[tuple[bytes, str]]] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_OTHER_KINDS: Final[Sequence[tuple[bytes, str]]] = (
    (b"PK", "a zip archive: unpack it and send the CSV or XLSX file that is inside"),
    (b"\x1f\x8b", "compressed (gzip): unpack it first"),
    (b"BZh", "compressed (bzip2): unpack it first"),
    (b"\xfd7zXZ", "compressed (xz): unpack it first"),
    (b"7z\xbc\xaf", "a 7z archive: unpack it first"),
    (
        b"\xd0\xcf\x11\xe0",
        "an old Excel workbook (.xls), or one with a password: save it as .xlsx or CSV, without a password",
    ),
    (b"%PDF", "a PDF: send a CSV or XLSX file"),
    (b"PAR1", "a Parquet file: send a CSV or XLSX file"),
    (b"{\\rtf", "a rich text document: send a CSV or XLSX file"),
)

_NOT_TEXT: Final = "the file is not text in columns: send CSV, TSV or XLSX"


def is_workbook(head: bytes) -> bool:
    return head.startswith(b"PK\x03\x04") and (b"xl/" in head or b"[Content_Types].xml" in head)


def refuse_other_kinds(head: bytes) -> None:
    """Raises Invalid for an empty file and known other kinds."""
    if not head:
        raise Invalid("the file is empty: send a header and at least one row")
    for mark, kind in _OTHER_KINDS:
        if head.startswith(mark):
            raise Invalid(f"the file is {kind}")


# ---------------------------------------------------------------- encodings


def guess_encoding(head: bytes) -> str:
    """UTF-8 by default. Raises Invalid for binary files."""
    refuse_other_kinds(head)
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if b"\x00" in head:
        return _guess_unmarked_utf16(head)
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls * 20 > len(head):  # random bytes have one in ten
        raise Invalid(_NOT_TEXT)
    return "utf-8"


_CONTROLS: Final = bytes({*range(0x20)} - {*b"\t\n\v\f\r\x1a\x1b"})


def _guess_unmarked_utf16(head: bytes) -> str:
    sample = head[: len(head) // 2 * 2]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    for encoding, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros * 10 > len(sample) * 3 and others * 100 < len(sample):
            return encoding
    line = head[: head.index(0)].count(b"\n") + 1
    raise Invalid(f"line {line} holds a NUL byte: {_NOT_TEXT}")


class EncodingCheck:
    """Decides between UTF-8, perhaps with errors, and Windows-1252, from all blocks of a file."""

    def __init__(self) -> None:
        self._strict = codecs.getincrementaldecoder("utf-8")()
        self._loose = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._lines, self._good, self._bad = 1, 0, 0
        self._is_utf8 = True
        self._not_windows_line: int | None = None

    def feed(self, block: bytes) -> None:
        """Raises Invalid when the block has a NUL byte."""
        if b"\x00" in block:
            raise Invalid(f"line {self._line_of(block, block.index(0))} holds a NUL byte: {_NOT_TEXT}")
        if self._is_utf8:
            before = self._strict.getstate()
            try:
                self._strict.decode(block)
            except UnicodeDecodeError:
                self._loose.setstate(before)
                self._is_utf8 = False
        if not self._is_utf8:
            self._count_errors(block)
        self._lines += block.count(b"\n")

    def _count_errors(self, block: bytes) -> None:
        text = self._loose.decode(block)
        bad = len(_BAD.findall(text))
        self._bad += bad
        self._good += len(_BEYOND_ASCII.findall(text)) - bad
        match = _NOT_WINDOWS.search(block)
        if match is not None and self._not_windows_line is None:
            self._not_windows_line = self._line_of(block, match.start())

    def _line_of(self, block: bytes, offset: int) -> int:
        return self._lines + block[:offset].count(b"\n")

    def verdict(self) -> tuple[str, bool]:
        """The encoding, and whether it is doubtful. Raises Invalid."""
        if self._is_utf8:
            return "utf-8", bool(self._strict.getstate()[0])  # bytes are left: the last character is incomplete
        if self._good > 10 * self._bad:
            return "utf-8", True
        if self._not_windows_line is not None:
            raise Invalid(f"line {self._not_windows_line} is neither UTF-8 nor Windows-1252: save the file as UTF-8")
        return "cp1252", False


_BAD: Final = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII: Final = re.compile("[^\x00-\x7f]")
_NOT_WINDOWS: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


def has_bad_bytes(cells: Sequence[str]) -> bool:
    return any(not cell.isascii() and _BAD.search(cell) for cell in cells)


# ---------------------------------------------------------------- delimiters


_SEPARATOR_LINE: Final = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)


def guess_delimiter(head: str, wanted: Collection[str]) -> tuple[str, int]:
    """The delimiter, and the line on which the rows begin.

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
    found = len({cell.strip() for cell in rows[0]} & set(wanted))
    return found, times / len(rows) if width > 1 else 0.0, width


def first_rows(text: str, delimiter: str, most: int) -> list[list[str]]:
    """Rows that are not blank; the text may end anywhere."""
    rows: list[list[str]] = []
    try:
        for cells in csv.reader(text.splitlines(keepends=True), delimiter=delimiter):
            if any(cells):
                rows.append(cells)
            if len(rows) == most:
                break
    except csv.Error:
        pass  # the rows before are enough to compare delimiters
    return rows


def check_delimiter(delimiter: str) -> str:
    """Raises Invalid unless it is one character that can delimit cells."""
    if len(delimiter) != 1 or delimiter in '"\r\n\x00 ' or delimiter.isalnum():
        raise Invalid("a delimiter is one character, such as , or ; or a tab")
    return delimiter


# ---------------------------------------------------------------- headers


def read_header(cells: Sequence[str]) -> list[str]:
    """Drops empty cells at the end. Raises LimitExceeded for more than MOST_COLUMNS columns."""
    header = [cell.strip() for cell in cells]
    while header and not header[-1]:
        header.pop()
    return check_width(header)


def too_long(line: int) -> Invalid:
    return Invalid(f"line {line} is longer than {LONGEST_ROW:,} characters: this is no list of contacts")


def check_width(cells: list[str]) -> list[str]:
    """Raises LimitExceeded for more than MOST_COLUMNS cells."""
    if len(cells) > MOST_COLUMNS:
        raise LimitExceeded(f"the file has {len(cells):,} columns: at most {MOST_COLUMNS} can be read")
    return cells
