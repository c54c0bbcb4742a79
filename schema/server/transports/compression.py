"""Compresses answers: Brotli, or else gzip, when the client takes it and the answer is large enough to gain from it.

Streams are not compressed: their events would wait in the compressor.
"""

import asyncio
import zlib
from functools import lru_cache
from typing import Final

import brotli

SMALLEST_BYTES: Final = 1_400
"""What fits into one packet arrives no sooner when it is compressed."""

LARGE_BYTES: Final = 65_536
"""More than this is compressed in a thread, so that other callers need not wait for it."""

_BROTLI_QUALITY: Final = 3
_GZIP_LEVEL: Final = 2
"""A page of 47 kB takes a tenth of a millisecond, and half of it; the next levels take four times as long for little."""

_GZIP: Final = 16 + zlib.MAX_WBITS

Coding = str


@lru_cache(maxsize=1024)
def coding_for(accepted: str | None, offered: tuple[Coding, ...] = ("br", "gzip")) -> Coding | None:
    """Chooses one of those that are offered, or None, by the header Accept-Encoding."""
    qualities = dict(map(_quality, (accepted or "").lower().split(",")))
    wanted = [coding for coding in offered if qualities.get(coding, qualities.get("*", 0.0)) > 0]
    return max(wanted, key=lambda coding: qualities.get(coding, 0.0), default=None)


def _quality(part: str) -> tuple[str, float]:
    coding, *parameters = (text.strip() for text in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return coding, float(parameter[2:])
            except ValueError:
                return coding, 0.0
    return coding, 1.0


async def compress(body: bytes, accepted: str | None) -> tuple[bytes, Coding | None]:
    """Returns the body to send, and its coding; None when it is sent as it is."""
    if len(body) < SMALLEST_BYTES or (coding := coding_for(accepted)) is None:
        return body, None
    if len(body) > LARGE_BYTES:
        return await asyncio.to_thread(_compressed, body, coding), coding
    return _compressed(body, coding), coding


def _compressed(body: bytes, coding: Coding) -> bytes:
    if coding == "br":
        compressed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=_BROTLI_QUALITY)
        return compressed
    compressor = zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP)
    return compressor.compress(body) + compressor.flush()
