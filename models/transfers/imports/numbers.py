"""Numbers as files write them, turned into plain ones. Pure."""

import re
from typing import Final

from models.errors import Invalid

_DECIMAL_COMMA: Final = re.compile("([+-]?)([0-9]{1,3}(?:[.'\u2019 \u00a0\u202f][0-9]{3})+|[0-9]+)(?:,([0-9]+))?")
_PLAIN: Final = re.compile(r"[+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]+)?")
_THOUSANDS: Final = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{3})+")


def plain_number(text: str, *, decimal_comma: bool, is_workbook: bool) -> str:
    """With a point before the decimals and without separators of thousands. A text that is no number stays as it is.

    A workbook writes its numbers with a point: there, only texts can have a comma. Raises Invalid for 1.234, which is
    one or the other in a workbook.
    """
    text = text.strip()
    return _without_comma(text, is_workbook) if decimal_comma else text


def _without_comma(text: str, is_workbook: bool) -> str:
    if is_workbook and _THOUSANDS.fullmatch(text):
        raise Invalid(
            f"{text[:50]!r} is {text} as a number of the workbook, and {text.replace('.', '')} as a text with decimal"
            " commas: make the cell a number, and leave decimalComma out"
        )
    if is_workbook and _PLAIN.fullmatch(text):
        return text
    found = _DECIMAL_COMMA.fullmatch(text)
    if found is None:
        raise Invalid(f"{text[:50]!r} is not a number with a decimal comma: write it as 1234,5")
    whole = re.sub("[^0-9]", "", found[2])
    return f"{found[1]}{whole}" if found[3] is None else f"{found[1]}{whole}.{found[3]}"
