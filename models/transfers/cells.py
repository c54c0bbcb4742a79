"""What is written in a cell, and how it is read back: formulas made harmless, lists in one cell. Pure.

Exports write and imports read by these rules, so that what went out comes in as it was:
a cell that a spreadsheet would take for a formula has an apostrophe before it; items of a list stand with a separator between
them, and a backslash stands before a separator or backslash that belongs to an item.
"""

import re
from collections.abc import Iterable
from typing import Final

FORMULA_SIGNS: Final = "=+-@\t\r\n＝＋－＠"
"""What a formula can begin with, for one spreadsheet or another."""

_GUARDED: Final = re.compile(rf"'+[{re.escape(FORMULA_SIGNS)}]")
_FORMULA: Final = re.compile(rf"'*[{re.escape(FORMULA_SIGNS)}]")
_PLAIN_NUMBER: Final = re.compile(r"[+-][0-9]+(\.[0-9]+)?", re.ASCII)


def guard(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula. Numbers with a sign, phone numbers too, stay as they are."""
    if _FORMULA.match(cell) and not _PLAIN_NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def unguard(cell: str) -> str:
    """The cell as it was before `guard`."""
    return cell[1:] if cell[:1] == "'" and _GUARDED.match(cell) else cell


def join_list(items: Iterable[str], separator: str = ";") -> str:
    """Items as one cell."""
    return separator.join(item.replace("\\", "\\\\").replace(separator, f"\\{separator}") for item in items)


def split_list(cell: str, separator: str = ";") -> list[str]:
    """The items of a cell, without the white space around them and without empty ones."""
    if "\\" not in cell:
        return [item for part in cell.split(separator) if (item := part.strip())]
    pieces = re.findall(rf"(?:\\[\\{re.escape(separator)}]|[^{re.escape(separator)}])+", cell)
    return [item for piece in pieces if (item := re.sub(rf"\\([\\{re.escape(separator)}])", r"\1", piece.strip()))]
