"""Mistakes that are plain: what is meant can be written in their place."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Final

from models.rules.query.position import Position
from models.rules.query.words import phrase_of, quoted

_SIGNS: Final[Mapping[str, str]] = {
    "==": "=", "===": "=", "!==": "!=", "<>": "!=", "=>": ">=", "=<": "<=", "=!": "!=",
    "&&": "and", "&": "and", "||": "or", "|": "or", "!": "not",
    "≠": "!=", "≤": "<=", "≥": ">=",
}  # fmt: skip
_WORDS: Final[Mapping[str, str]] = {
    "equals": "=", "equal": "=", "eq": "=", "is": "=", "like": "contains", "exists": "is set",
    "is null": "is not set", "is empty": "is not set", "is not null": "is set", "is not empty": "is set",
    "is not": "!=", "does not contain": "not contains", "begins with": "starts with", "begin with": "starts with",
    "start with": "starts with", "end with": "ends with", "has": "has any", "is in": "in", "is not in": "not in",
    "in last": "within last", "in the last": "within last", "within the last": "within last", "last": "within last",
    "in next": "within next", "in the next": "within next", "within the next": "within next",
    "older than": "more than", "from now": "ahead",
}  # fmt: skip
_NOTHING: Final[Mapping[str, str]] = {"=": "is not set", "!=": "is set"}
_CLOSED_BY: Final[Mapping[str, str]] = {
    "‘": "’‘",
    "’": "’‘",
    "“": "”“",
    "”": "”“",
    "„": "“”",
    "«": "»",
    "`": "`´",
    "´": "´`",
}
_SHORT_DURATION: Final = re.compile(r"(\d+)\s*(yr|y|w|d|hr|h|min|sec|s)s?\b(?![\w'])", re.IGNORECASE)
_UNITS: Final[Mapping[str, str]] = {
    "y": "years", "yr": "years", "w": "weeks", "d": "days", "h": "hours", "hr": "hours", "min": "minutes",
    "s": "seconds", "sec": "seconds",
}  # fmt: skip
_NULL: Final = re.compile(r"(null|none|nil|undefined)\b", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d][\w.-]*")

_ANY_WORD: Final = re.compile(r"\w[\w.]*|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Slip:
    """Where the mistake is, and what to write instead."""

    start: int
    end: int
    meant: str


def find_slip(position: Position, expected: Sequence[str]) -> Slip | None:
    """`expected`: what may come at the position, as `expected_at` says."""
    readers: tuple[Callable[[Position, Sequence[str]], Slip | None], ...] = (
        _sign, _curly, _short_duration, _nothing, _other_words, _misspelt, _bare_text,
    )  # fmt: skip
    found = (reader(position, expected) for reader in readers)
    return next((_padded(position.text, slip) for slip in found if slip is not None), None)


def _sign(position: Position, expected: Sequence[str]) -> Slip | None:
    text, at = position.text, position.at
    start = at
    while start and text[start - 1] in "=<>!&|" and at - start < 2:  # `==` begins with a sign that is right
        start -= 1
    for first in dict.fromkeys((start, at)):
        for written in (text[first : first + length] for length in (3, 2, 1)):
            meant, end = _SIGNS.get(written), first + len(written)
            if meant is not None and end > at and (first < at or meant in expected):
                return Slip(first, end, meant)
    return None


def _curly(position: Position, _: Sequence[str]) -> Slip | None:
    text, at = position.text, position.at
    closing = _CLOSED_BY.get(text[at : at + 1])
    if closing is None or not position.accepts & {"VALUE", "QUOTED"}:
        return None
    ends = [found for found in (text.find(sign, at + 1) for sign in closing) if found > 0]
    return Slip(at, min(ends) + 1, quoted(text[at + 1 : min(ends)])) if ends else None


def _short_duration(position: Position, _: Sequence[str]) -> Slip | None:
    match = _SHORT_DURATION.match(position.text, position.at)
    if match is None or "DURATION" not in position.accepts:
        return None
    return Slip(*match.span(), f"{match[1]} {_UNITS[match[2].lower()]}")


def _nothing(position: Position, _: Sequence[str]) -> Slip | None:
    """`= null`"""
    match = _NULL.match(position.text, position.at)
    if match is None or not position.tokens or position.tokens[-1] not in _NOTHING:
        return None
    operator = position.tokens[-1]
    return Slip(match.start() if operator.start_pos is None else operator.start_pos, match.end(), _NOTHING[operator])


def _other_words(position: Position, expected: Sequence[str]) -> Slip | None:
    """The longest of the words that others use, such as `is null`."""
    last = position.tokens[-1] if position.tokens else None
    if last is not None and last.type == "AMONG" and last.start_pos is not None:  # `in the last` begins as a list does
        return _longest(position.text, last.start_pos, ("within last", "within next"))
    return _longest(position.text, position.at, expected)


def _longest(text: str, at: int, expected: Sequence[str]) -> Slip | None:
    words = list(islice(re.finditer(r"\w+", text[at : at + 100]), 3))
    if not words or words[0].start() != 0:
        return None
    for count in range(len(words), 0, -1):
        end = at + words[count - 1].end()
        meant = _WORDS.get(phrase_of(text[at:end]))
        if meant is not None and meant in expected:
            return Slip(at, end, meant)
    return None


def _misspelt(position: Position, expected: Sequence[str]) -> Slip | None:
    match = _WORD.match(position.text, position.at)
    if match is None or match.end() == len(position.text):  # an unfinished word is no mistake
        return None
    words = {phrase: phrase for phrase in expected if phrase.isalpha()}
    near = get_close_matches(match[0].lower(), words, 1, cutoff=0.6)
    return Slip(*match.span(), near[0]) if near and near[0] != match[0].lower() else None


def _bare_text(position: Position, expected: Sequence[str]) -> Slip | None:
    match = _WORD.match(position.text, position.at)
    if match is None or "NAME" in position.accepts or not any("quotes" in phrase for phrase in expected):
        return None
    return Slip(*match.span(), quoted(match[0]))


def _padded(text: str, slip: Slip) -> Slip:
    """With a space where the replacement would grow together with a word beside it."""
    before = " " if text[: slip.start][-1:].isalnum() and slip.meant[0].isalnum() else ""
    after = " " if text[slip.end : slip.end + 1].isalnum() and slip.meant[-1].isalnum() else ""
    return Slip(slip.start, slip.end, f"{before}{slip.meant}{after}")


def word_at(text: str, at: int) -> str:
    match = _ANY_WORD.match(text, at)
    return match[0] if match else text[at : at + 1]
