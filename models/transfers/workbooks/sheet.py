"""Collects the rows of a sheet from its XML."""

from datetime import UTC, datetime, timedelta

from models.errors import Invalid, LimitExceeded
from models.transfers.cells import LONGEST_ROW, MOST_COLUMNS
from models.transfers.workbooks.limits import check_cell, check_column, check_row
from models.transfers.workbooks.shared_strings import Strings
from models.transfers.workbooks.workbook_xml import XmlParser, unescaped


class SheetParser:
    """`rows` are those with cells that are not empty, with their 1-based numbers; callers take and clear them."""

    def __init__(self, strings: Strings, dates: set[int], is_1904: bool) -> None:
        self.rows: list[tuple[int, list[str]]] = []
        self._strings, self._dates = strings, dates
        self._epoch = datetime(1904, 1, 1, tzinfo=UTC) if is_1904 else datetime(1899, 12, 30, tzinfo=UTC)
        self._cells: list[str] = []
        self._text: list[str] = []
        self._row, self._column, self._length = 0, -1, 0
        self._kind, self._style, self._reading, self._in_phonetic = "n", 0, False, False
        self._columns: dict[str, int] = {}
        self._parser = XmlParser(self._begin, self._end, self._characters)

    def feed(self, block: bytes) -> None:
        self._parser.feed(block)

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._begin_cell(attributes)
        elif name in ("v", "t"):
            self._reading = not self._in_phonetic
        elif name == "row":
            self._row = check_row(max(self._row + 1, int(attributes.get("r", "0"))))  # none stands above an earlier one
            self._cells, self._column, self._length = [], -1, 0
        elif name == "rPh":
            self._in_phonetic = True

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        reference = attributes.get("r")
        self._column = check_cell(self._column + 1) if reference is None else self._column_of(reference)
        self._kind, self._style = attributes.get("t", "n"), int(attributes.get("s", "0"))
        self._text.clear()

    def _column_of(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        index = self._columns.get(letters)
        if index is None:
            index = 0
            for letter in check_column(letters):
                index = index * 26 + ord(letter) - 64
            self._columns[letters] = index = index - 1
        return index

    def _characters(self, data: str) -> None:
        if self._reading:
            self._count(len(data))
            self._text.append(data)

    def _count(self, characters: int) -> None:
        self._length += characters
        if self._length > LONGEST_ROW:
            raise Invalid(f"row {self._row} is longer than {LONGEST_ROW:,} characters: this is no list of contacts")

    def _end(self, name: str) -> None:
        if name in ("v", "t"):
            self._reading = False
        elif name == "c":
            self._end_cell()
        elif name == "row" and any(self._cells):
            self.rows.append((self._row, self._cells))
        elif name == "rPh":
            self._in_phonetic = False

    def _end_cell(self) -> None:
        if not self._text:
            return
        if self._column >= MOST_COLUMNS:
            raise LimitExceeded(f"the sheet has more than {MOST_COLUMNS} columns: that many can be read")
        value = self._cell_text("".join(self._text))
        self._cells.extend([""] * (self._column + 1 - len(self._cells)))
        self._cells[self._column] = value

    def _cell_text(self, text: str) -> str:
        match self._kind:
            case "s":
                value = self._strings[int(text)]
                self._count(len(value))
                return value
            case "b":
                return "true" if text == "1" else "false"
            case "n":
                return self._moment(text) if self._style in self._dates else _number(text)
            case "inlineStr" | "str":
                return unescaped(text)
            case _:
                return text

    def _moment(self, text: str) -> str:
        try:
            return self._moment_of(float(text))
        except OverflowError:  # a spreadsheet shows ####
            return _number(text)

    def _moment_of(self, days: float) -> str:
        if days < 1:
            return (self._epoch + timedelta(seconds=round(days * 86_400))).strftime("%H:%M:%S")
        if days < 60 and self._epoch.year == 1899:  # spreadsheets count 29 February 1900, which never was
            days += 1
        moment = self._epoch + timedelta(days=int(days), seconds=round(days % 1 * 86_400))
        return moment.strftime("%Y-%m-%d") if days == int(days) else moment.strftime("%Y-%m-%dT%H:%M:%S")


def _number(text: str) -> str:
    if text.lstrip("-").isdecimal():
        return text
    number = float(text)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else format(number, ".15g")
