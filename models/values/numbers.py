"""Numbers as text, kept exactly or recognised as what cannot be kept."""

import json
import math
import re
from decimal import Decimal
from typing import Any, Final

import orjson

from models.errors import Invalid

_NUMBER: Final = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,9})?")
_LARGEST: Final = 2**63

# Shorter numbers are read as they were written by any reader of JSON.
_DOUBTFUL: Final = re.compile(rb"[0-9.]{16}|[0-9.][eE][+-]?[0-9]{3}")


class InexactNumber(float):
    """A number with more digits, or of another size, than a float or 64 bits can hold."""


def read_decimal(text: str) -> int | float:
    """An int of 64 bits, a float that is written as the text is, or an InexactNumber. Raises ValueError for other texts."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"{text[:50]!r} is not a number")
    if len(text) < 21 and text.lstrip("+-").isdecimal():
        whole = int(text)
        if -_LARGEST <= whole < _LARGEST:
            return whole
    number = float(text)
    is_exact = math.isfinite(number) and Decimal(repr(number)) == Decimal(text)
    return number if is_exact else InexactNumber(number)


def refuse_inexact(number: float) -> None:
    """Raises Invalid."""
    if isinstance(number, InexactNumber):
        raise Invalid(
            "this number cannot be kept exactly: give whole numbers between -2^63 and 2^63 - 1, others with at most 15"
            " digits, or a text"
        )


def read_json(content: bytes | str) -> Any:
    """As orjson reads it, with an InexactNumber for each number that it would round or refuse. Raises ValueError."""
    try:
        value = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        if "infinity" not in str(error):
            raise
        return _read_carefully(content)
    if _are_exact(value):
        return value
    raw = content if isinstance(content, bytes) else content.encode(errors="replace")
    return _read_carefully(content) if _DOUBTFUL.search(raw) else value


def _are_exact(value: Any) -> bool:
    """Whether all its numbers are integers of 64 bits, which no reader rounds. This takes less time than a search of the text."""
    parts = [value]
    for part in parts:  # grows on the way
        kind = type(part)
        if kind is dict:
            parts += part.values()
        elif kind is list:
            parts += part
        elif kind is float or (kind is int and part >= _LARGEST):
            return False
    return True


def _read_carefully(content: bytes | str) -> Any:
    try:
        return json.loads(content, parse_int=read_decimal, parse_float=read_decimal, parse_constant=_refuse_constant)
    except RecursionError as error:
        raise ValueError("this is nested too deeply") from error


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")
