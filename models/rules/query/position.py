"""How far a text can be read, and what may come there."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from lark import Token
from lark.exceptions import UnexpectedInput
from lark.parsers.lalr_interactive_parser import InteractiveParser

from models.rules.query.grammar import parser

END: Final = "$END"


@dataclass(frozen=True, slots=True)
class Position:
    """`at`: where the rest begins that cannot be read. `accepts`: the terminals that may come there, and perhaps END."""

    text: str
    at: int
    accepts: frozenset[str]
    tokens: Sequence[Token]

    @property
    def begins_condition(self) -> bool:
        return "GROUP" in self.accepts


def find_position(text: str) -> Position:
    """Reads to the first token that cannot follow, or to the end."""
    interactive = parser().parse_interactive(text)
    tokens: list[Token] = []
    at = len(text)
    try:
        for token in interactive.lexer_thread.lex(interactive.parser_state):  # type: ignore[no-untyped-call]
            interactive.feed_token(token)
            tokens.append(token)
    except UnexpectedInput as error:
        at = cast(int, error.pos_in_stream)  # the lexer knows where it is
        interactive = _after(tokens)  # a wrong token may have completed what came before it
    accepts = interactive.accepts()  # type: ignore[no-untyped-call]
    return Position(text, at, frozenset(accepts), tokens)


def _after(tokens: Sequence[Token]) -> InteractiveParser:
    interactive = parser().parse_interactive("")
    for token in tokens:
        interactive.feed_token(token)
    return interactive
