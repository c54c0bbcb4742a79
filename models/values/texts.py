"""Checks of text and JSON to store."""

import math
import re
from typing import Any

from models import db
from models.errors import Invalid

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def check_text(value: object, longest: int) -> str:
    """Raises Invalid unless it is text of at most `longest` characters that PostgreSQL can store."""
    if not isinstance(value, str):
        raise Invalid(f"this must be text, not {kind_of(value)}")
    if len(value) > longest:
        raise Invalid(f"this is {len(value):,} characters long: at most {longest:,} fit")
    if not value.isascii() or "\x00" in value:
        _refuse_unstorable(value)
    return value


def check_name(value: object, longest: int = 200) -> str:
    """Returns the stripped text. Raises Invalid when it is empty, too long or not text."""
    name = check_text(value, longest).strip()
    if not name:
        raise Invalid("this must not be empty")
    return name


def check_object(value: object, most_bytes: int) -> str:
    """Returns a JSON object as text for jsonb. Raises Invalid when it cannot be stored."""
    if not isinstance(value, dict):
        raise Invalid(f"this must be a JSON object, not {kind_of(value)}")
    _refuse_unstorable_json(value, 0)
    text = db.dump_json(value)
    if len(text.encode()) > most_bytes:
        raise Invalid(f"this takes {len(text.encode()):,} bytes: at most {most_bytes:,} fit")
    return text


def storable(value: Any) -> Any:
    """Returns text, or JSON, with U+FFFD in place of each character that PostgreSQL cannot hold (U+0000, lone surrogates)."""
    match value:
        case str():
            return _UNSTORABLE.sub("\ufffd", value)
        case list():
            return [storable(item) for item in value]
        case dict():
            return {storable(key): storable(item) for key, item in value.items()}
        case _:
            return value


def escape_like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def kind_of(value: object) -> str:
    """Names the JSON type of a value for error messages."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"


def _refuse_unstorable(text: str) -> None:
    found = _UNSTORABLE.search(text)
    if found is not None:
        raise Invalid(f"this holds the character U+{ord(found.group()):04X}, which can't be stored: leave it out")


_DEEPEST = 32


def _refuse_unstorable_json(value: Any, depth: int) -> None:
    match value:
        case str():
            _refuse_unstorable(value)
        case bool() | None:
            pass
        case int():
            check_whole(value)
        case float():
            if not math.isfinite(value):
                raise Invalid("this holds a number that is not finite")
        case list() | dict():
            if depth == _DEEPEST:
                raise Invalid(f"this is nested more than {_DEEPEST} levels deep")
            for item in value if isinstance(value, list) else (*value.keys(), *value.values()):
                _refuse_unstorable_json(item, depth + 1)
        case _:
            raise Invalid("this holds something that is not JSON")


def check_whole(value: int) -> int:
    """Raises Invalid when the number needs more than 64 bits."""
    if not -(2**63) <= value < 2**63:
        raise Invalid("whole numbers must lie between -2^63 and 2^63 - 1")
    return value
