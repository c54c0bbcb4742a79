"""Keyset cursors: the sort key of a row, opaque to the caller."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

import orjson

from models.errors import Invalid


def to_cursor(*key: Any) -> str:
    """A cursor that stands for the row whose sort key is `key` (JSON values; datetimes as RFC 3339 text)."""
    return urlsafe_b64encode(orjson.dumps(key)).rstrip(b"=").decode()


def from_cursor(cursor: str, length: int, path: str = "after") -> tuple[Any, ...]:
    """The sort key behind a cursor. Raises Invalid at `path` when it is none, or of another order."""
    try:
        key = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        key = None
    if not isinstance(key, list) or len(key) != length:
        raise Invalid(
            f"{cursor!r} is not a cursor of this list: pass an endCursor that it gave, with the same order", (path,)
        )
    return tuple(key)
