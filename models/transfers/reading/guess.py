"""Guesses an encoding from a sample, with two libraries and the look of the text.

chardetng (Firefox's) is right for nearly all encodings of Windows and the web, chardet knows those of DOS and of old Macs
too. Each is often wrong about a few names, so that a guess counts only when nothing else makes sense of the bytes, or
when both agree.
"""

import codecs
from collections.abc import Iterable
from typing import Final, NamedTuple

from models.transfers.reading.plausible import has_words_of_accents, is_coherent, is_plausible

LIKELY: Final = (
    *("cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874", "cp932"),
    *("euc-jp", "gb18030", "big5", "cp949", "koi8-r", "koi8-u", "iso8859-2", "cp437", "cp850", "cp852", "cp866"),
    *("mac-roman", "mac-cyrillic", "mac-latin2", "mac-turkish", "mac-greek"),
)

WEAK: Final = 0.05
"""chardet's confidence, below which it knows nothing; names alone get 0.02 to 0.3."""

CLEAR: Final = 1.15
"""chardet must be so many times as sure of a text as of the next one."""


class Guess(NamedTuple):
    encoding: str
    is_certain: bool


class _Reading(NamedTuple):
    """A text that the bytes may be, and how sure chardet is of it."""

    text: str
    encoding: str
    confidence: float


def guess(sample: bytes) -> Guess:
    """Returns the most likely encoding of lines that are not UTF-8."""
    first = _chardetng(sample)
    readings = _readings(sample, first)
    if not readings:
        return Guess(first, is_certain=False)
    if len(readings) == 1:
        return Guess(readings[0].encoding, is_certain=True)
    best, next_best = sorted(readings, key=lambda reading: -reading.confidence)[:2]
    if not any(reading.encoding == first for reading in readings):
        return Guess(best.encoding, best.confidence > next_best.confidence * CLEAR)
    is_western = first == "cp1252" and best.confidence < WEAK  # the most frequent one: names give chardet too little
    is_certain = best.encoding == first or is_western
    return Guess(first, is_certain and not (first == "cp1252" and has_words_of_accents(sample.decode("cp1252"))))


def _readings(sample: bytes, first: str) -> list[_Reading]:
    """Returns the different texts that make sense; encodings that give the same text count as one."""
    by_text: dict[str, _Reading] = {}
    confidences = dict(_chardet(sample))
    for encoding in dict.fromkeys((first, *confidences)):
        text = _decoded(sample, encoding)
        if text is not None and text not in by_text and is_plausible(text):
            same = (confidences.get(other, 0.0) for other in confidences if _decoded(sample, other) == text)
            by_text[text] = _Reading(text, encoding, max(same, default=0.0))
    return [reading for reading in by_text.values() if is_coherent(reading.text)] or list(by_text.values())


def _decoded(sample: bytes, encoding: str) -> str | None:
    try:
        return sample.decode(encoding)
    except UnicodeDecodeError:
        return None


# ---------------------------------------------------------------- the libraries


def _chardetng(sample: bytes) -> str:
    import chardetng_py  # few files need it

    return _name(chardetng_py.detect(sample))


def _chardet(sample: bytes) -> Iterable[tuple[str, float]]:
    import chardet  # few files need it

    found = chardet.detect_all(sample, ignore_threshold=True, include_encodings=LIKELY, prefer_superset=True)
    return [(_name(one["encoding"]), one["confidence"]) for one in reversed(found) if one["encoding"]]


_NAMES: Final = {
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc-kr": "cp949",
    "big5": "cp950",
    "ibm866": "cp866",
    "iso-8859-8-i": "cp1255",
    "windows-874": "cp874",
    "x-user-defined": "cp1252",
}


def _name(label: str) -> str:
    """Returns Python's name."""
    return codecs.lookup(_NAMES.get(label.lower(), label)).name
