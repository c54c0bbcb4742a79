"""How payloads become JSON."""

from typing import Any

import orjson


def encode(payload: Any) -> bytes:
    """A payload as JSON. JSON text from the database goes in as it is, instants are written in UTC."""
    return orjson.dumps(payload, option=orjson.OPT_UTC_Z)
