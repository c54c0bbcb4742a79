"""Guards formulas in cells, puts lists into one cell, and takes the marks of spreadsheets off."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

LONGEST_ROW: Final = 1_000_000
"""No row has more characters, with quoted line breaks."""

MOST_COLUMNS: Final = 500

FORMULA_SIGNS: Final = "=+-@\t\r\n＝＋－＠"

SEPARATORS: Final = ";|\t\r\n"
"""Other programs may end a cell here, in a file that has commas."""

# ---------------------------------------------------------------- formulas


_SIGN: Final = rf"[{re.escape(FORMULA_SIGNS)}]"
_PLAIN_NUMBER: Final = r"[+-][0-9]+(?:\.[0-9]+)?"
_ENDS: Final = re.compile(rf"[{re.escape(SEPARATORS)}']")

_FORMULA: Final = re.compile(rf"'*{_SIGN}|'+[0-9]+\Z", re.ASCII)
_PLAIN: Final = re.compile(rf"{_PLAIN_NUMBER}\Z", re.ASCII)
_FORMULA_INSIDE: Final = re.compile(
    rf"([{re.escape(SEPARATORS)}])(?=[\"']*{_SIGN})(?!{_PLAIN_NUMBER}(?:[{re.escape(SEPARATORS)}]|\Z))", re.ASCII
)
_GUARDED_INSIDE: Final = re.compile(rf"([{re.escape(SEPARATORS)}])'(?=[\"']*{_SIGN})", re.ASCII)


def guard(cell: str, *, is_key: bool = False) -> str:
    """Puts an apostrophe before a formula, also where another program would begin a cell.

    Signed numbers, such as phone numbers, stay. A number after an apostrophe, which `unguard` would take for one that a
    spreadsheet keeps as text, gets another one; so does a key with one in front.
    """
    inside = _FORMULA_INSIDE.sub(r"\1'", cell) if _ENDS.search(cell) else cell
    is_formula = _FORMULA.match(cell) and not _PLAIN.match(cell)
    return f"'{inside}" if is_formula or (is_key and cell[:1] == "'") else inside


def unguard(cell: str, *, is_key: bool = False) -> str:
    """The inverse of `guard`."""
    if "'" not in cell:
        return cell
    inside = _GUARDED_INSIDE.sub(r"\1", cell)
    return inside[1:] if cell[0] == "'" and (is_key or _FORMULA.match(cell)) else inside


# ---------------------------------------------------------------- what spreadsheets write


def plain_cell(cell: str, *, is_key: bool = False) -> str:
    """Returns the cell stripped, without apostrophes and `="..."` that keep a number as text; empty for an error value.

    `is_key`: of a column of ids or phone numbers, where no value begins with an apostrophe.
    """
    if "'" not in cell:
        text = cell.strip()
        return _without_formula(text) if text[:1] in ("=", "#", "E") else text
    return unguard(cell.lstrip(" \xa0"), is_key=is_key).strip()


def _without_formula(text: str) -> str:
    found = _TEXT_FORMULA.fullmatch(text)
    if found is not None:
        return found[1].replace('""', '"').strip()
    return "" if is_error(text) else text


_TEXT_FORMULA: Final = re.compile(r'=\s*"((?:[^"]|"")*)"')


def is_error(text: str) -> bool:
    """Whether it is what a spreadsheet shows when a formula has no result, or a column is too narrow."""
    return text.upper() in _ERRORS or _OTHER_ERROR.fullmatch(text) is not None


_OTHER_ERROR: Final = re.compile(r"#{3,}|Err:5[0-9]{2}")

_IN_ENGLISH: Final = (
    "#N/A #N/A! #REF! #VALUE! #DIV/0! #NAME? #NULL! #NUM! #SPILL! #CALC! #FIELD! #BLOCKED! #UNKNOWN! #CONNECT! #BUSY!"
    " #GETTING_DATA #EXTERNAL! #PYTHON! #TIMEOUT! #DATA! #ERROR! #ERROR"
)
_IN_OTHER_LANGUAGES: Final = (
    "#NV #BEZUG! #WERT! #ZAHL! #VALEUR! #NOM? #NOMBRE! #NUL! #N/D #RIF! #VALORE! #NOME? #¡REF! #¡VALOR! #¿NOMBRE?"
    " #¡DIV/0! #¡NUM! #¡NULO! #VALOR! #NULO! #NÚM! #N/B #VERW! #WAARDE! #NAAM? #GETAL! #LEEG! #DEEL/0! #N/D! #ADR!"
    " #ARG! #NAZWA? #LICZBA! #ZERO! #DZIEL/0! #SAKNAS! #REFERENS! #VÄRDEFEL! #NAMN? #OGILTIGT! #SKÄRNING!"
    " #DIVISION/0! #Н/Д #ССЫЛКА! #ЗНАЧ! #ИМЯ? #ДЕЛ/0! #ЧИСЛО! #ПУСТО! #YOK #BAŞV! #DEĞER! #AD? #SAYI/0! #SAYI! #BOŞ!"
)
_ERRORS: Final = frozenset((*_IN_ENGLISH.split(" "), *_IN_OTHER_LANGUAGES.split(" ")))

# ---------------------------------------------------------------- lists


def join_list(items: Iterable[str], separator: str = ";") -> str:
    """Joins the items; a backslash escapes separators, backslashes and a quote at the beginning of an item."""
    return separator.join(_escaped(item, separator) for item in items)


def _escaped(item: str, separator: str) -> str:
    escaped = item.replace("\\", "\\\\").replace(separator, f"\\{separator}")
    return f"\\{escaped}" if escaped.startswith('"') else escaped


def split_list(cell: str, separator: str = ";") -> list[str]:
    """The inverse of `join_list`; it strips items and drops empty ones.

    An item may stand in quotes, with each quote inside doubled.
    """
    if "\\" not in cell and '"' not in cell:
        return [item for part in cell.split(separator) if (item := part.strip())]
    items: list[str] = []
    start = 0
    while start <= len(cell):
        found = _item(separator).match(cell, start)
        assert found is not None
        quoted, plain = found.groups()
        text = plain.strip() if quoted is None else quoted.replace('""', '"').strip()
        items.append(re.sub(rf"\\([\"\\{re.escape(separator)}])", r"\1", text))
        start = found.end() + 1
    return [item for item in items if item]


@lru_cache(maxsize=16)
def _item(separator: str) -> re.Pattern[str]:
    sign = re.escape(separator)
    return re.compile(rf'\s*"((?:[^"\\]|""|\\.)*+)"\s*(?={sign}|\Z)|((?:\\[\\{sign}]|[^{sign}])*)', re.DOTALL)
