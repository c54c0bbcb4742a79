"""Reads a text as parts of a rule, which are not checked yet."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from lark.exceptions import UnexpectedInput

from models.rules.catalogue import Catalogue
from models.rules.query.expecting import expected_at
from models.rules.query.grammar import parse_part
from models.rules.query.mistakes import MAX_CHARACTERS, MAX_TOKENS, SHORT_CHARACTERS, QueryError, QueryErrorCode
from models.rules.query.parts import Part, SegmentName, Span, each_condition
from models.rules.query.position import Position, find_position
from models.rules.query.slips import Slip, find_slip, word_at
from models.rules.query.words import phrase_of

MAX_SLIPS: Final = 20
"""Plain mistakes that are reported at once."""

SHOWN: Final = 8
"""Of what is expected, in a message."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """`part` is None when the text cannot be read; with `errors` that are plain it is what was meant.

    `slips` were mended one after the other: each is a place in the text with those before it mended.
    """

    text: str
    part: Part | None
    errors: Sequence[QueryError] = ()
    slips: Sequence[Slip] = ()

    def segment_names(self) -> list[SegmentName]:
        conditions = () if self.part is None else each_condition(self.part)
        return [condition.segment for condition in conditions if condition.segment is not None]

    def in_text(self, span: Span) -> Span:
        """The place in the text as it was given, of one in the mended text."""
        return _unmended(span[0], self.slips), _unmended(span[1], self.slips)


def parse(text: str, catalogue: Catalogue | None = None) -> Parsed:
    """Never raises. With the fields of a `catalogue`, errors tell more."""
    much = _too_much(text)
    if much is not None:
        return Parsed(text, None, [QueryError(QueryErrorCode.TOO_COMPLEX, much, (0, len(text)))])
    try:
        part = parse_part(text)
    except UnexpectedInput:
        return _parse_mending(text, catalogue or Catalogue())
    return Parsed(text, part)


_TOKEN: Final = re.compile(r"""'[^']*'|"[^"]*"|\w[\w.]*|[^\w\s]""")


def _too_much(text: str) -> str | None:
    if len(text) > MAX_CHARACTERS:
        return f"a rule may have up to {MAX_CHARACTERS:,} characters; this one has {len(text):,}"
    if len(text) > MAX_TOKENS and sum(1 for _ in _TOKEN.finditer(text)) > MAX_TOKENS:
        return f"a rule may have up to {MAX_TOKENS:,} words, signs and values; this one has more"
    return None


def _parse_mending(text: str, catalogue: Catalogue) -> Parsed:
    """Mends what is plain, to find the mistakes after it too."""
    errors: list[QueryError] = []
    slips: list[Slip] = []
    mended = text
    for _ in range(MAX_SLIPS if len(text) <= SHORT_CHARACTERS else 1):
        position = find_position(mended)
        expected = expected_at(position, catalogue)
        unfinished = _unfinished(position, expected)
        slip = None if unfinished else find_slip(position, expected)
        error = _syntax_error(position, slip, unfinished or expected, ends=bool(unfinished))
        errors.append(error.moved((_unmended(error.span[0], slips), _unmended(error.span[1], slips))))
        if slip is None:
            break
        slips.append(slip)
        mended = mended[: slip.start] + slip.meant + mended[slip.end :]
        try:
            return Parsed(text, parse_part(mended), errors, slips)
        except UnexpectedInput:
            continue
    return Parsed(text, None, errors, slips)


def _unmended(at: int, slips: Sequence[Slip]) -> int:
    for slip in reversed(slips):
        if at >= slip.start + len(slip.meant):
            at += slip.end - slip.start - len(slip.meant)
        elif at > slip.start:
            at = slip.start
    return at


def _unfinished(position: Position, expected: Sequence[str]) -> list[str]:
    """The words that the end of the text is the beginning of, such as `is not set` after `is n`."""
    rest = phrase_of(position.text[position.at :])
    return [phrase for phrase in expected if rest and phrase.startswith(rest)]


def _syntax_error(position: Position, slip: Slip | None, expected: Sequence[str], *, ends: bool) -> QueryError:
    text, at = position.text, position.at
    if slip is not None:
        span = (slip.start, slip.end)
        message = _of_slip(text[slip.start : slip.end], slip.meant.strip())
        return QueryError(QueryErrorCode.UNEXPECTED_TOKEN, message, span, expected, slip.meant)
    wanted = _one_of(expected)
    if ends or not text[at:].strip():
        end = len(text.rstrip())
        what = "the rule is empty" if not position.tokens and not ends else "the rule ends too early"
        start = at if ends else end
        return QueryError(QueryErrorCode.UNEXPECTED_END, f"{what}: write {wanted}", (start, len(text)), expected)
    if text[at] in "'\"" and position.accepts & {"VALUE", "QUOTED"}:
        message = f"the text in quotes that begins here has no end: close it with {text[at]}"
        return QueryError(QueryErrorCode.UNEXPECTED_END, message, (at, len(text)), expected)
    word = word_at(text, at)
    message = f'"{word}" cannot come here: write {wanted}'
    return QueryError(QueryErrorCode.UNEXPECTED_TOKEN, message, (at, at + len(word)), expected)


def _of_slip(written: str, meant: str) -> str:
    if meant.startswith("'"):
        return f"a text is written in straight quotes: {meant}"
    return f'"{written}" is no word of the language here: write {meant}'


def _one_of(expected: Sequence[str]) -> str:
    shown = [phrase if phrase.startswith(("a ", "an ", "the ", "true")) else f"`{phrase}`" for phrase in expected]
    if len(shown) > SHOWN:
        return f"{', '.join(shown[:SHOWN])} or {len(shown) - SHOWN} others"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"
