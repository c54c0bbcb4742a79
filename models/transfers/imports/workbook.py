"""Converts the first sheet of an .xlsx workbook to CSV. Blocking: call it in a thread.

The XML is parsed straight from the archive and shared strings go to a file, so memory does not grow with the sheet.
"""

import csv
import mmap
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final
from xml.parsers import expat

from models.errors import Invalid, LimitExceeded
from models.transfers.imports.layout import LONGEST_ROW, MOST_COLUMNS

_BLOCK: Final = 1 << 18
_SUSPICIOUS_BYTES: Final = 100 << 20
_SUSPICIOUS_RATIO: Final = 200

_BROKEN: Final = "the workbook can't be read: save it anew as .xlsx, or as CSV"


def convert(source: Path | IO[bytes], target: IO[str], most_rows: int | None = None) -> None:
    """Write up to `most_rows` rows as CSV; blank rows stay blank. Raises Invalid or LimitExceeded."""
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
            sheet, is_1904 = _first_sheet(archive)
            dates = _date_styles(archive)
            strings = stack.enter_context(_shared_strings(archive))
            parser = _SheetParser(strings, dates, is_1904)
            for block in _blocks(archive, sheet):
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
        if part.file_size > _SUSPICIOUS_BYTES and part.file_size > _SUSPICIOUS_RATIO * max(1, part.compress_size):
            raise Invalid("the workbook unpacks to far more than it holds: save the sheet as CSV")


def _blocks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    with archive.open(name) as part:
        while block := part.read(_BLOCK):
            yield block


# ---------------------------------------------------------------- the small parts of the archive


def _parse(archive: zipfile.ZipFile, name: str, begin: Callable[[str, dict[str, str]], None]) -> None:
    parser = _new_parser(begin)
    for block in _blocks(archive, name):
        parser.Parse(block)


def _new_parser(begin: Callable[[str, dict[str, str]], None]) -> Any:
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = 1 << 16
    parser.EntityDeclHandler = _refuse_entities
    parser.StartElementHandler = lambda name, attributes: begin(_local(name), attributes)
    return parser


def _refuse_entities(*_: Any) -> None:
    raise Invalid("the workbook declares XML entities, which none needs: save it anew")


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _first_sheet(archive: zipfile.ZipFile) -> tuple[str, bool]:
    """The first visible sheet, and whether days count from 1904."""
    sheets: list[str] = []
    targets: dict[str, str] = {}
    is_1904 = False

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal is_1904
        if name == "sheet" and attributes.get("state", "visible") == "visible":
            sheets.append(next(value for key, value in attributes.items() if _local(key) == "id"))
        elif name == "workbookPr":
            is_1904 = attributes.get("date1904") in ("1", "true")
        elif name == "Relationship":
            targets[attributes["Id"]] = attributes["Target"]

    if "xl/workbook.xml" not in archive.namelist():
        raise Invalid("the file is a zip archive and no .xlsx workbook: send a CSV or XLSX file")
    _parse(archive, "xl/workbook.xml", begin)
    _parse(archive, "xl/_rels/workbook.xml.rels", begin)
    for sheet in sheets:
        target = targets[sheet]
        path = target.removeprefix("/") if target.startswith("/") else f"xl/{target}"
        if "worksheets/" in path:
            return path, is_1904
    raise Invalid("the workbook has no sheet that can be seen")


_DATES: Final = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
"""Built-in formats of dates and times."""

_NOT_FORMAT: Final = re.compile(r'"[^"]*"|\\.|_.|\[[^\]]*\]')


def _date_styles(archive: zipfile.ZipFile) -> set[int]:
    """Styles of dates and times, by index."""
    formats: dict[int, str] = {}
    dates: set[int] = set()
    inside, index = False, 0

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal inside, index
        if name == "numFmt":
            formats[int(attributes["numFmtId"])] = attributes.get("formatCode", "")
        elif name in ("cellXfs", "cellStyles", "cellStyleXfs", "dxfs"):
            inside = name == "cellXfs"
        elif name == "xf" and inside:
            format_id = int(attributes.get("numFmtId", "0"))
            code = formats.get(format_id)
            if format_id in _DATES if code is None else _shows_date(code):
                dates.add(index)
            index += 1

    if "xl/styles.xml" in archive.namelist():
        _parse(archive, "xl/styles.xml", begin)
    return dates


def _shows_date(code: str) -> bool:
    return bool(re.search(r"[ymdhs]", _NOT_FORMAT.sub("", code.partition(";")[0]), re.IGNORECASE))


# ---------------------------------------------------------------- shared strings


class _Strings:
    """Strings by index: all texts, and where each ends."""

    def __init__(self, text: mmap.mmap | bytes, ends: mmap.mmap | bytes) -> None:
        self._text, self._ends = text, ends

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self._ends) // 8:
            raise IndexError(index)
        start = self._end_of(index - 1) if index else 0
        return self._text[start : self._end_of(index)].decode()

    def _end_of(self, index: int) -> int:
        return int.from_bytes(self._ends[8 * index : 8 * index + 8], "little")


@contextmanager
def _shared_strings(archive: zipfile.ZipFile) -> Iterator[_Strings]:
    name = next((part for part in archive.namelist() if part.lower() == "xl/sharedstrings.xml"), None)
    if name is None:
        yield _Strings(b"", b"")
        return
    with tempfile.TemporaryFile() as text, tempfile.TemporaryFile() as ends:
        _write_strings(archive, name, text, ends)
        with ExitStack() as stack:
            yield _Strings(_mapped(text, stack), _mapped(ends, stack))


def _write_strings(archive: zipfile.ZipFile, name: str, text: IO[bytes], ends: IO[bytes]) -> None:
    pieces: list[str] = []
    end, reading, in_phonetic = 0, False, False

    def begin(name: str, _: dict[str, str]) -> None:
        nonlocal reading, in_phonetic
        if name == "rPh":  # a phonetic hint
            in_phonetic = True
        elif name == "t":
            reading = not in_phonetic

    def finish(name: str) -> None:
        nonlocal end, reading, in_phonetic
        name = _local(name)
        if name == "t":
            reading = False
        elif name == "rPh":
            in_phonetic = False
        elif name == "si":
            end += text.write(_unescaped("".join(pieces)).encode("utf-8", "replace"))
            ends.write(end.to_bytes(8, "little"))
            pieces.clear()

    parser = _new_parser(begin)
    parser.EndElementHandler = finish
    parser.CharacterDataHandler = lambda data: pieces.append(data) if reading else None
    for block in _blocks(archive, name):
        parser.Parse(block)
    text.flush()
    ends.flush()


def _mapped(file: IO[bytes], stack: ExitStack) -> mmap.mmap | bytes:
    if file.tell() == 0:
        return b""
    return stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


_ESCAPED: Final = re.compile(r"_x([0-9A-Fa-f]{4})_")


def _unescaped(text: str) -> str:
    """XML writes some characters as _x000D_."""
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


# ---------------------------------------------------------------- the sheet


class _SheetParser:
    def __init__(self, strings: _Strings, dates: set[int], is_1904: bool) -> None:
        self.rows: list[tuple[int, list[str]]] = []
        self._strings, self._dates = strings, dates
        self._epoch = datetime(1904, 1, 1, tzinfo=UTC) if is_1904 else datetime(1899, 12, 30, tzinfo=UTC)
        self._cells: list[str] = []
        self._text: list[str] = []
        self._row, self._column = 0, -1
        self._kind, self._style, self._reading, self._in_phonetic = "n", 0, False, False
        self._columns: dict[str, int] = {}
        self._parser = _new_parser(self._begin)
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters

    def feed(self, block: bytes) -> None:
        self._parser.Parse(block)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._begin_cell(attributes)
        elif name in ("v", "t"):
            self._reading = not self._in_phonetic
        elif name == "row":
            self._row = int(attributes["r"]) if "r" in attributes else self._row + 1
            self._cells, self._column = [], -1
        elif name == "rPh":
            self._in_phonetic = True

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        self._column = self._column + 1 if reference is None else self._column_of(reference.rstrip("0123456789"))
        self._kind, self._style = attributes.get("t", "n"), int(attributes.get("s", "0"))
        self._text.clear()

    def _column_of(self, letters: str) -> int:
        index = self._columns.get(letters)
        if index is None:
            index = 0
            for letter in letters:
                index = index * 26 + ord(letter) - 64
            self._columns[letters] = index = index - 1
        return index

    def _characters(self, data: str) -> None:
        if self._reading:
            self._text.append(data)

    def _end(self, name: str) -> None:
        name = _local(name)
        if name in ("v", "t"):
            self._reading = False
        elif name == "c":
            self._end_cell()
        elif name == "row" and any(self._cells):
            if sum(map(len, self._cells)) > LONGEST_ROW:
                raise Invalid(f"row {self._row} is longer than {LONGEST_ROW:,} characters: this is no list of contacts")
            self.rows.append((self._row, self._cells))
        elif name == "rPh":
            self._in_phonetic = False

    def _end_cell(self) -> None:
        if not self._text:
            return
        value = self._cell_text("".join(self._text))
        if self._column >= MOST_COLUMNS:
            raise LimitExceeded(f"the sheet has more than {MOST_COLUMNS} columns: that many can be read")
        self._cells.extend([""] * (self._column - len(self._cells)))
        self._cells.append(value)

    def _cell_text(self, text: str) -> str:
        match self._kind:
            case "s":
                return self._strings[int(text)]
            case "b":
                return "true" if text == "1" else "false"
            case "n":
                return self._moment(float(text)) if self._style in self._dates else _number(text)
            case "inlineStr" | "str":
                return _unescaped(text)
            case _:
                return text

    def _moment(self, days: float) -> str:
        if days < 1:
            return (self._epoch + timedelta(seconds=round(days * 86_400))).strftime("%H:%M:%S")
        if days < 60 and self._epoch.year == 1899:  # spreadsheets count a 29 February 1900, which never was
            days += 1
        moment = self._epoch + timedelta(days=int(days), seconds=round(days % 1 * 86_400))
        return moment.strftime("%Y-%m-%d") if days == int(days) else moment.strftime("%Y-%m-%dT%H:%M:%S")


def _number(text: str) -> str:
    if text.lstrip("-").isdecimal():
        return text
    number = float(text)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else format(number, ".15g")
