"""The parser, made of grammar.lark once in a process."""

from functools import cache
from pathlib import Path
from typing import Final, cast

from lark import Lark

from models.rules.query.building import Builder
from models.rules.query.parts import Part

GRAMMAR: Final = Path(__file__).with_name("grammar.lark")


@cache
def parser() -> Lark:
    """LALR(1), with the terminals that fit the state, and parts instead of trees: ten conditions take half a millisecond."""
    return Lark(
        GRAMMAR.read_text(),
        parser="lalr",
        lexer="contextual",
        keep_all_tokens=True,
        maybe_placeholders=False,
        transformer=Builder(),
    )


def parse_part(text: str) -> Part:
    """Raises lark's UnexpectedInput."""
    return cast(Part, parser().parse(text))
