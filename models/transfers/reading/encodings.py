"""Finds out how a text is encoded: by its bytes where they prove it, else by what a library makes of them."""

import codecs
import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from models.errors import Invalid
from models.transfers.reading.guess import guess
from models.transfers.reading.kinds import NOT_TEXT

SAMPLE_BYTES: Final = 1 << 16
"""So much of the lines beyond ASCII is kept for the guess."""

_MARKS: Final[Sequence[tuple[bytes, str]]] = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (b"\x84\x31\x95\x33", "gb18030"),
)

# ---------------------------------------------------------------- by name


_NUMBERED: Final = (
    437,
    737,
    775,
    850,
    852,
    855,
    857,
    858,
    *range(860, 867),
    869,
    874,
    932,
    949,
    950,
    *range(1250, 1259),
)
_KNOWN: Final = frozenset(
    (
        *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "gb18030"),
        *(f"cp{number}" for number in _NUMBERED),
        *(f"iso8859-{part}" for part in range(1, 17) if part != 12),
        *("koi8-r", "koi8-u", "koi8-t", "kz1048", "ptcp154", "big5hkscs", "johab", "hz", "iso2022_jp", "iso2022_kr"),
        *("euc_jp", "euc_jis_2004", "shift_jis_2004", "shift_jisx0213", "mac-roman", "mac-cyrillic", "mac-greek"),
        *("mac-latin2", "mac-turkish", "mac-iceland", "mac-croatian", "mac-romanian"),
    )
)

_WIDER: Final = {
    "ascii": "utf-8",
    "iso8859-1": "cp1252",
    "iso8859-9": "cp1254",
    "iso8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "big5": "cp950",
}
"""What files that are called so really hold, as browsers know (https://encoding.spec.whatwg.org/#names-and-labels)."""


def encoding_called(name: str) -> str:
    """Returns Python's name of an encoding. Raises Invalid when nothing is called so."""
    try:
        found = codecs.lookup(name.strip()).name if name.isascii() and "\x00" not in name else ""
    except LookupError:
        found = ""
    found = _WIDER.get(found, found)
    if found not in _KNOWN:
        raise Invalid(
            f"{name[:50]!r} is not the name of an encoding: give one such as utf-8, utf-16, windows-1251, windows-1252,"
            " iso-8859-2, macintosh, shift_jis, gb18030 or euc-kr, or leave it out"
        )
    return found


# ---------------------------------------------------------------- by the first bytes


def encoding_by_bytes(head: bytes, wanted: str | None = None) -> str | None:
    """Returns `wanted` unless a byte order mark says otherwise, and None when all bytes must be seen.

    Raises Invalid for binary files.
    """
    for mark, encoding in _MARKS:
        if head.startswith(mark):
            return encoding
    if wanted is not None and wanted.startswith(("utf-16", "utf-32")):
        return wanted
    if b"\x00" in head:
        return _unmarked_utf16(head)
    if _ISO_2022_JP.search(head):
        return wanted or "iso2022_jp"
    controls = len(head) - len(head.translate(None, _CONTROLS))
    if controls * 20 > len(head):  # random bytes have one in ten
        raise Invalid(NOT_TEXT)
    return None if wanted == "utf-8" else wanted


_CONTROLS: Final = bytes({*range(0x20)} - {*b"\t\n\v\f\r\x1a\x1b"})
_ISO_2022_JP: Final = re.compile(rb"\x1b(\$[@B]|\([BJ])")


def _unmarked_utf16(head: bytes) -> str:
    sample = head[: len(head) // 2 * 2]
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    for encoding, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if zeros * 50 > len(sample) and others * 100 < len(sample) and _is_text(sample, encoding):
            return encoding
    line = head[: head.index(0)].count(b"\n") + 1
    raise Invalid(f"line {line} holds a NUL byte: {NOT_TEXT}")


def _is_text(sample: bytes, encoding: str) -> bool:
    """Whether it is lines of assigned characters. A surrogate that is wrong is found when the file is read."""
    text = sample.decode(encoding, "ignore")[:10_000]
    strange = sum(unicodedata.category(character) in ("Cn", "Co", "Cs") for character in text)
    return strange * 50 <= len(text) and ("\n" in text or "\r" in text)


# ---------------------------------------------------------------- by all bytes


class EncodingCheck:
    """Decides between UTF-8, perhaps with errors, and other encodings, from all blocks of a file."""

    def __init__(self, wanted: str | None = None) -> None:
        self._wanted = wanted
        self._strict = codecs.getincrementaldecoder("utf-8")()
        self._loose = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._lines, self._good, self._bad = 1, 0, 0
        self._is_utf8 = True
        self._sample, self._cut_line = bytearray(), b""

    def feed(self, block: bytes) -> None:
        """Takes the next block. Raises Invalid when it has a NUL byte."""
        if b"\x00" in block:
            line = self._lines + block[: block.index(0)].count(b"\n")
            raise Invalid(f"line {line} holds a NUL byte: {NOT_TEXT}")
        if self._is_utf8:
            before = self._strict.getstate()
            try:
                self._strict.decode(block)
            except UnicodeDecodeError:
                self._loose.setstate(before)
                self._is_utf8 = False
        if not self._is_utf8:
            self._count_errors(block)
            self._take_sample(block)
        self._lines += block.count(b"\n")

    def _count_errors(self, block: bytes) -> None:
        text = self._loose.decode(block)
        bad = len(_BAD.findall(text))
        self._bad += bad
        self._good += len(_BEYOND_ASCII.findall(text)) - bad

    def _take_sample(self, block: bytes) -> None:
        if len(self._sample) >= SAMPLE_BYTES:
            return
        lines = (self._cut_line + block).splitlines(keepends=True)
        self._cut_line = b"" if lines[-1].endswith((b"\n", b"\r")) else lines.pop()[-SAMPLE_BYTES:]
        for line in lines:
            if not line.isascii() and len(self._sample) < SAMPLE_BYTES:
                self._sample += line[:SAMPLE_BYTES]

    def verdict(self) -> tuple[str, bool]:
        """Returns the encoding, and whether it is doubtful. Raises Invalid when no encoding is certain."""
        if self._is_utf8:
            return "utf-8", bool(self._strict.getstate()[0])  # bytes are left: the last character is incomplete
        if self._wanted == "utf-8" or self._good > 10 * self._bad:
            return "utf-8", True
        found = guess(bytes(self._sample + (b"" if self._cut_line.isascii() else self._cut_line)))
        if found.is_certain:
            return found.encoding, False
        best = f" (perhaps it is {found.encoding})" if found.encoding else ""
        raise Invalid(
            f"the file is not UTF-8, and how else it is encoded is not certain{best}: save it as UTF-8, or name the"
            " encoding in the option `encoding`",
            ("encoding",),
        )


_BAD: Final = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII: Final = re.compile("[^\x00-\x7f]")


def has_bad_bytes(cells: Sequence[str]) -> bool:
    return any(not cell.isascii() and _BAD.search(cell) for cell in cells)
