"""Guards formulas in cells, and puts lists into one cell."""

import re
from collections.abc import Iterable
from typing import Final

LONGEST_ROW: Final = 1_000_000
"""Characters, with quoted line breaks."""

MOST_COLUMNS: Final = 500

FORMULA_SIGNS: Final = "=+-@\t\r\n＝＋－＠"

_GUARDED: Final = re.compile(rf"'+[{re.escape(FORMULA_SIGNS)}]")
_FORMULA: Final = re.compile(rf"'*[{re.escape(FORMULA_SIGNS)}]")
_PLAIN_NUMBER: Final = re.compile(r"[+-][0-9]+(\.[0-9]+)?", re.ASCII)


def guard(cell: str) -> str:
    """Put an apostrophe before a formula; signed numbers, such as phone numbers, stay."""
    if _FORMULA.match(cell) and not _PLAIN_NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def unguard(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and _GUARDED.match(cell) else cell


def join_list(items: Iterable[str], separator: str = ";") -> str:
    """Joins the items; a backslash escapes separators and backslashes inside them."""
    return separator.join(item.replace("\\", "\\\\").replace(separator, f"\\{separator}") for item in items)


def split_list(cell: str, separator: str = ";") -> list[str]:
    """The inverse of `join_list`; it strips items and drops empty ones."""
    if "\\" not in cell:
        return [item for part in cell.split(separator) if (item := part.strip())]
    pieces = re.findall(rf"(?:\\[\\{re.escape(separator)}]|[^{re.escape(separator)}])+", cell)
    return [item for piece in pieces if (item := re.sub(rf"\\([\\{re.escape(separator)}])", r"\1", piece.strip()))]
