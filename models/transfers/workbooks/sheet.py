"""Collects the rows of a sheet from its XML."""

from datetime import UTC, datetime, timedelta

from models.errors import Invalid, LimitExceeded
from models.transfers.cells import LONGEST_ROW, MOST_COLUMNS
from models.transfers.workbooks.shared_strings import SharedStrings
from models.transfers.workbooks.workbook_xml import local_name, new_parser, unescaped


class SheetParser:
    def __init__(self, strings: SharedStrings, dates: set[int], is_1904: bool) -> None:
        self.rows: list[tuple[int, list[str]]] = []
        self._strings, self._dates = strings, dates
        self._epoch = datetime(1904, 1, 1, tzinfo=UTC) if is_1904 else datetime(1899, 12, 30, tzinfo=UTC)
        self._cells: list[str] = []
        self._text: list[str] = []
        self._row, self._column = 0, -1
        self._kind, self._style, self._reading, self._in_phonetic = "n", 0, False, False
        self._columns: dict[str, int] = {}
        self._parser = new_parser(self._begin)
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
        name = local_name(name)
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
                return unescaped(text)
            case _:
                return text

    def _moment(self, days: float) -> str:
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
