"""Keyset cursors: the sort key of a row, opaque to clients."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from models.errors import Invalid
from schema.server.types.scalars import to_instant

Reader = Callable[[Any], Any]


def to_cursor(*key: Any) -> str:
    """The key holds JSON values and datetimes."""
    return urlsafe_b64encode(orjson.dumps(key)).rstrip(b"=").decode()


def from_cursor(cursor: str, *readers: Reader, path: str = "after") -> tuple[Any, ...]:
    """Readers convert one part of the key each, or raise ValueError. Raises Invalid at `path` for a cursor of another list."""
    try:
        key = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if isinstance(key, list) and len(key) == len(readers):
            return tuple(read(part) for read, part in zip(readers, key, strict=True))
    except ValueError:  # not base64, not JSON, or a part of another kind
        pass
    raise Invalid(
        f"{cursor[:100]!r} is not a cursor of this list: pass an endCursor that it gave, with the same order", (path,)
    )


# ---------------------------------------------------------------- the parts of a key


def a_number(value: Any) -> int:
    if type(value) is int and 0 <= value < 2**63:
        return value
    raise ValueError


def an_instant(value: Any) -> datetime:
    """Reads an instant in UTC."""
    return to_instant(value)


def a_text(value: Any) -> str:
    """Checks that PostgreSQL can store the text."""
    if isinstance(value, str) and "\x00" not in value:
        return value
    raise ValueError


def exactly(word: str) -> Reader:
    def read(value: Any) -> str:
        if value == word:
            return word
        raise ValueError

    return read


def nothing_or(reader: Reader) -> Reader:
    return lambda value: None if value is None else reader(value)
