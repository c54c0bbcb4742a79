"""Checks of text and JSON to store. Text is stored composed (NFC), so that what looks alike is one text."""

import math
import re
from typing import Any
from unicodedata import normalize

from models import db
from models.errors import Invalid, at
from models.values.numbers import refuse_inexact

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def check_text(value: object, longest: int) -> str:
    """Returns the text, composed. Raises Invalid unless it has at most `longest` characters that PostgreSQL can store."""
    if type(value) is str and value.isascii() and len(value) <= longest and "\x00" not in value:
        return value
    return check_secret(composed(value) if isinstance(value, str) else value, longest)


def composed(text: str) -> str:
    """Letters with accents as one character each (NFC), as all stored text is."""
    return text if text.isascii() else normalize("NFC", text)


def check_secret(value: object, longest: int) -> str:
    """As `check_text`, with each character as it was given. For what is hashed."""
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
    """Returns a JSON object, its texts composed, as text for jsonb. Raises Invalid when it cannot be stored."""
    if not isinstance(value, dict):
        raise Invalid(f"this must be a JSON object, not {kind_of(value)}")
    text = db.dump_json(_checked(value, 0))
    if len(text.encode()) > most_bytes:
        raise Invalid(f"this takes {len(text.encode()):,} bytes: at most {most_bytes:,} fit")
    return text


def storable(value: Any) -> Any:
    """Returns text, or JSON, composed, with U+FFFD for what PostgreSQL cannot hold (U+0000, lone surrogates)."""
    match value:
        case str():
            return composed(_UNSTORABLE.sub("\ufffd", value))
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


def _checked(value: Any, depth: int) -> Any:
    match value:
        case str():
            return check_text(value, len(value))
        case bool() | None:
            return value
        case int():
            return check_whole(value)
        case float():
            return _finite(value)
        case list() | dict() if depth == _DEEPEST:
            raise Invalid(f"this is nested more than {_DEEPEST} levels deep")
        case list():
            return [_checked_at(index, item, depth) for index, item in enumerate(value)]
        case dict():
            return _checked_object(value, depth)
        case _:
            raise Invalid("this holds something that is not JSON")


def _checked_object(value: dict[Any, Any], depth: int) -> dict[str, Any]:
    stored = {_checked(name, depth): _checked_at(name, item, depth) for name, item in value.items()}
    if len(stored) < len(value):
        raise Invalid("two names in this look alike and are one when they are stored: leave one out")
    return stored


def _checked_at(step: str | int, value: Any, depth: int) -> Any:
    with at(step):
        return _checked(value, depth + 1)


def _finite(value: float) -> float:
    refuse_inexact(value)
    if not math.isfinite(value):
        raise Invalid("this must be a finite number")
    return value


def check_whole(value: int) -> int:
    """Raises Invalid when the number needs more than 64 bits."""
    if not -(2**63) <= value < 2**63:
        raise Invalid("whole numbers must lie between -2^63 and 2^63 - 1")
    return value
