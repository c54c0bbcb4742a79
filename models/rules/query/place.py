"""Where something is completed."""

import re
from dataclasses import dataclass
from typing import Final

from lark import Token

from models.rules.query.context import Context, context_of
from models.rules.query.position import Position, find_position

_WORD: Final = re.compile(r"[\w.]*")
_QUOTES: Final = ("'", '"')


@dataclass(frozen=True, slots=True)
class Place:
    """`typed` is the beginning of what is completed, and a completion takes the place of `start` to `end`.

    `head`: the text before the cursor.
    """

    head: str
    position: Position
    context: Context
    typed: str
    start: int
    end: int

    @property
    def prefix(self) -> str:
        """What was typed, without the quote of a text that is not closed."""
        return self.typed[1:] if self.typed.startswith(_QUOTES) else self.typed


def find_place(text: str, cursor: int) -> Place:
    head = text[:cursor]
    position = find_position(head)
    if position.at == len(head) and position.tokens and _may_go_on(position.tokens[-1], len(head)):
        position = find_position(head[: position.tokens[-1].start_pos])
    typed = head[position.at :].lstrip()
    return Place(
        head, position, context_of(position.tokens), typed, len(head) - len(typed), _end_of(text, cursor, typed)
    )


def _may_go_on(token: Token, cursor: int) -> bool:
    """Whether the cursor stands at the end of a word or sign that may be a longer one."""
    return token.end_pos == cursor and not token.endswith((*_QUOTES, "(", ")", ","))


def _end_of(text: str, cursor: int, typed: str) -> int:
    """After the rest of a word, or after the closing quote that an editor wrote."""
    if typed.startswith(_QUOTES):
        return cursor + 1 if text[cursor : cursor + 1] == typed[0] else cursor
    rest = _WORD.match(text, cursor) if typed else None
    return rest.end() if rest else cursor
