"""JSON and JSONB, which travel as text."""

from typing import Any

import orjson


def dump_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def load_json(text: str | bytes | None) -> Any:
    return None if text is None else orjson.loads(text)


def same_json(one: Any, other: Any) -> bool:
    """To Python, true equals 1."""
    return orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)
