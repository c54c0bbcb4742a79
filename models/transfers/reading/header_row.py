"""Finds the header below a title."""

import re
from collections.abc import Sequence
from typing import Final

FIRST_ROWS: Final = 30
"""The header is looked for among so many."""

_DATA: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|\+?[0-9][0-9 ().\-/]{6,}|\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*")


def likely_header_row(rows: Sequence[tuple[int, Sequence[str]]]) -> int:
    """Returns the number of the first row that is about as wide as the table and holds no data; else of the first row.

    `rows` are rows that are not blank, with their numbers.
    """
    widest = max((_filled(cells) for _, cells in rows), default=0)
    for number, cells in rows[:FIRST_ROWS]:
        if widest > 1 and _filled(cells) >= max(2, widest * 0.8):
            return rows[0][0] if any(_DATA.fullmatch(cell.strip()) for cell in cells) else number
    return rows[0][0] if rows else 1


def _filled(cells: Sequence[str]) -> int:
    return sum(1 for cell in cells if cell.strip())
