"""What Meta's refusals mean for an audience."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Answer(StrEnum):
    LIMITED = "LIMITED"
    """Too many calls of the ad account: wait."""
    BUSY = "BUSY"
    """Another update of the audience is under way: wait."""
    FAULTY = "FAULTY"
    """Meta's own trouble: try again."""
    UNKNOWN = "UNKNOWN"
    """No answer that can be read: what was asked may have been done."""
    RECONNECT = "RECONNECT"
    """The token is not accepted: the ad account has to be connected again."""
    STOPPED = "STOPPED"
    """A person has to do something at Meta."""
    TOO_SMALL = "TOO_SMALL"
    """The audience has too few people for one to be removed."""
    NOT_BEGUN = "NOT_BEGUN"
    """The first batch of the replacing session has not arrived."""
    SESSION_OVER = "SESSION_OVER"
    """The session has ended, and takes no more batches."""


MAY_BE_DONE: Final = frozenset({Answer.FAULTY, Answer.UNKNOWN, Answer.SESSION_OVER})
"""After these, what was asked may have been done all the same: a lost answer makes HTTP clients ask again by themselves."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a call was not answered as wanted. `reason` is for people; `wait_seconds`: as Meta asks."""

    answer: Answer
    reason: str
    wait_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """What Meta says about a batch. `samples` are values of rows that it calls invalid, up to 100."""

    invalid: int
    samples: frozenset[str]


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of its calls the ad account has used, in percent, and for how long it has to wait."""

    percent: float = 0.0
    wait_seconds: float = 0.0
