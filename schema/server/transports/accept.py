"""The content type of a response, by the Accept header."""

from functools import lru_cache
from typing import Final

JSON: Final = "application/json"
RESPONSE: Final = "application/graphql-response+json"
EVENTS: Final = "text/event-stream"

_OFFERED: Final = (JSON, RESPONSE, EVENTS)


@lru_cache(maxsize=1024)
def chosen(accept: str | None) -> str | None:
    """JSON for wildcards and without a header; None when no offered type is accepted."""
    if accept is None or not accept.strip():
        return JSON
    ranges = [_range(part, index) for index, part in enumerate(accept.split(","))]
    best: tuple[float, int, str] | None = None
    for quality, index, pattern in ranges:
        offer = _offer(pattern)
        if offer is not None and quality > 0 and (best is None or (quality, -index) > best[:2]):
            best = (quality, -index, offer)
    return None if best is None else best[2]


def _range(part: str, index: int) -> tuple[float, int, str]:
    pattern, *parameters = (text.strip().lower() for text in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                quality = float(parameter[2:])
            except ValueError:
                quality = 0.0
    return quality, index, pattern


def _offer(pattern: str) -> str | None:
    if pattern in _OFFERED:
        return pattern
    if pattern in ("*/*", "application/*"):
        return JSON
    return EVENTS if pattern == "text/*" else None
