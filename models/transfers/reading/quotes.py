"""Reads a line whose spaces around quotes RFC 4180 does not know."""

import re
from functools import lru_cache


def cells_of_line(line: str, delimiter: str) -> list[str] | None:
    """Returns the cells of a line such as `"email" , "name"`; None when its quotes do not match in this way either."""
    text = line.rstrip("\r\n")
    cell = _cell(delimiter)
    cells: list[str] = []
    start = 0
    while (found := cell.match(text, start)) is not None:
        quoted, plain = found.groups()
        cells.append(plain if quoted is None else quoted.replace('""', '"'))
        if found.end() == len(text) and not found[0].endswith(delimiter):
            return cells
        start = found.end()
    return None


@lru_cache(maxsize=8)
def _cell(delimiter: str) -> re.Pattern[str]:
    """Returns a pattern of a cell and the delimiter after it."""
    sign = re.escape(delimiter)
    space = r"[ \xa0]*+"
    quoted = rf'"((?:[^"]|"")*+)"{space}'
    with_a_nickname = rf'(?<=[ \xa0])"[^"{sign}]*"[^"{sign}]+'  # a space, a word in quotes, and more
    plain = rf'([^"{sign}][^{sign}]*|{with_a_nickname}|)'
    return re.compile(f"{space}(?:{quoted}|{plain})(?:{sign}|$)")
