"""The files of a console as they were built: read from a folder once, and kept in memory.

A text may be there compressed by Brotli only, as `index-4f1c.js.br`.
"""

import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import brotli

INDEX: Final = "index.html"

COMPRESSED: Final = ".br"
"""The ending of a file that is compressed by Brotli."""

TEXTS: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
}

MEDIA: Final = {".ico": "image/x-icon", ".png": "image/png", ".webp": "image/webp", ".woff2": "font/woff2"}
"""They are compressed already."""

_BASE: Final = re.compile(r'<base href="/"\s*/?>')
_NONCE: Final = re.compile(r'<meta name="csp-nonce" content=""\s*/?>')
_GZIP: Final = 16 + zlib.MAX_WBITS


class BadConsole(Exception):
    """The files are not those of a console."""


@dataclass(slots=True)
class BuiltFile:
    """`tag` names these bytes, and `compressed` is the same by Brotli, if that was built."""

    body: bytes
    suffix: str
    compressed: bytes | None
    tag: str = field(init=False)
    _gzip: bytes | None = None

    def __post_init__(self) -> None:
        self.tag = hashlib.sha256(self.body).hexdigest()[:24]

    @property
    def media_type(self) -> str:
        return TEXTS.get(self.suffix) or MEDIA.get(self.suffix, "application/octet-stream")

    @property
    def codings(self) -> tuple[str, ...]:
        """In which it can be sent, besides as it is."""
        if self.suffix not in TEXTS:
            return ()
        return ("gzip",) if self.compressed is None else ("br", "gzip")

    def gzip(self) -> bytes:
        """Returns the body compressed by gzip, which is done once."""
        if self._gzip is None:
            compressor = zlib.compressobj(9, zlib.DEFLATED, _GZIP)
            self._gzip = compressor.compress(self.body) + compressor.flush()
        return self._gzip


@dataclass(frozen=True, slots=True)
class BuiltConsole:
    """`files` are by their path in the folder, such as `assets/index-4f1c.js`; the page is apart."""

    page: str
    files: dict[str, BuiltFile]

    def page_with(self, base: str, nonce: str) -> str:
        """Returns the page for a browser that finds everything below the path `base`, with the nonce of its styles."""
        page = _BASE.sub(lambda _: f'<base href="{base}">', self.page)
        return _NONCE.sub(lambda _: f'<meta name="csp-nonce" content="{nonce}">', page)


def read(folder: Path) -> BuiltConsole | None:
    """Returns what was built into a folder; None when there is no page. Raises BadConsole for a page without its two marks."""
    if not (folder / INDEX).is_file():
        return None
    page = (folder / INDEX).read_text("utf-8")
    for mark in (_BASE, _NONCE):
        if len(mark.findall(page)) != 1:
            raise BadConsole(f"{folder / INDEX} must have one {mark.pattern}")
    return BuiltConsole(page, dict(_files(folder)))


def _files(folder: Path) -> Iterator[tuple[str, BuiltFile]]:
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {INDEX}
    for name in {name.removesuffix(COMPRESSED) for name in names}:
        compressed = (folder / f"{name}{COMPRESSED}").read_bytes() if f"{name}{COMPRESSED}" in names else None
        body = (folder / name).read_bytes() if name in names else brotli.decompress(compressed)
        yield name, BuiltFile(body, Path(name).suffix, compressed)
