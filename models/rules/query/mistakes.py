"""What is wrong in a text, and where."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from models.errors import MusterError
from models.rules.query.parts import Span

MAX_CHARACTERS: Final = 1_000_000
"""Of a text. More does not fit into a request."""

MAX_TOKENS: Final = 250_000
"""Words, signs and values of a text: the longest lists of the most conditions fit."""

SHORT_CHARACTERS: Final = 20_000
"""Of texts that people write: in longer ones only the first mistake is looked for, and nothing is completed."""


class QueryErrorCode(StrEnum):
    UNEXPECTED_TOKEN = "UNEXPECTED_TOKEN"  # noqa: S105 - no password
    UNEXPECTED_END = "UNEXPECTED_END"
    UNKNOWN_FIELD = "UNKNOWN_FIELD"
    UNKNOWN_SEGMENT = "UNKNOWN_SEGMENT"
    WRONG_OPERATOR = "WRONG_OPERATOR"
    WRONG_VALUE = "WRONG_VALUE"
    NOT_ALLOWED = "NOT_ALLOWED"
    TOO_COMPLEX = "TOO_COMPLEX"


@dataclass(frozen=True, slots=True)
class QueryError:
    """`path`: the same place in the rule, when the text could be read as one. `replacement`: what to write at the span."""

    code: QueryErrorCode
    message: str
    span: Span
    expected: Sequence[str] = ()
    replacement: str | None = None
    path: Sequence[str] = ()

    def moved(self, span: Span) -> "QueryError":
        return replace(self, span=span)


class QueryProblems(MusterError):
    """A text is no rule; `errors` come in the order of the text."""

    def __init__(self, errors: Sequence[QueryError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = tuple(sorted(errors, key=lambda error: error.span))


def line_and_column(text: str, at: int) -> tuple[int, int]:
    """Both count from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
