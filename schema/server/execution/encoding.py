"""Encodes payloads as JSON."""

from typing import Any

import orjson


def encode(payload: Any) -> bytes:
    """JSON text from the database is inserted unchanged; instants are written in UTC."""
    return orjson.dumps(payload, option=orjson.OPT_UTC_Z)
