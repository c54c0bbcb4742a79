"""What a provider's answer means for the message, its source and the pace. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from models.messaging.message_states import MessageStatus


class Answer(StrEnum):
    ACCEPTED = "ACCEPTED"
    NOT_SENT = "NOT_SENT"
    """Calling again is safe."""
    UNCONFIRMED = "UNCONFIRMED"
    """It may have been accepted."""

    # refused for now
    TOO_FAST = "TOO_FAST"
    """This number has sent too fast."""
    TOO_MANY_CALLS = "TOO_MANY_CALLS"
    """By the account or the app."""
    CROWDED = "CROWDED"
    """Refused between us and the provider."""
    PAIR_LIMITED = "PAIR_LIMITED"
    """Too many to this person."""
    UNAVAILABLE = "UNAVAILABLE"
    """The provider cannot answer for a moment."""
    FAULTY = "FAULTY"
    """The provider failed and gives no reason."""
    MAINTENANCE = "MAINTENANCE"
    """The provider is maintained, for some minutes."""
    NOT_READY = "NOT_READY"

    # refused for everybody
    ACCOUNT_STOPPED = "ACCOUNT_STOPPED"
    """Token, permission, payment or policy."""
    NUMBER_STOPPED = "NUMBER_STOPPED"
    TEMPLATE_STOPPED = "TEMPLATE_STOPPED"
    MISCONFIGURED = "MISCONFIGURED"

    # refused for this recipient
    REFUSED = "REFUSED"
    OPTED_OUT = "OPTED_OUT"
    NOT_NOW = "NOT_NOW"
    """Trying within NOT_NOW_FOR makes it worse."""


class Reach(StrEnum):
    SOURCE = "SOURCE"
    TEMPLATE = "TEMPLATE"
    NUMBER = "NUMBER"
    ACCOUNT = "ACCOUNT"


@dataclass(frozen=True, slots=True)
class Retry:
    """`first_seconds`, then `factor` times longer each time, up to `most_attempts` (None: no limit) that count."""

    first_seconds: float
    factor: float = 2.0
    most_attempts: int | None = None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """Without `retry` the message has ended. `slows`: the pace goes down. `is_outage`: calls become rarer."""

    retry: Retry | None = None
    stops: Reach | None = None
    slows: bool = False
    is_outage: bool = False


_UNCOUNTED: Final = Retry(1, factor=1, counts=False)

RULES: Final[Mapping[Answer, Rule]] = {
    Answer.ACCEPTED: Rule(),
    Answer.NOT_SENT: Rule(_UNCOUNTED, is_outage=True),
    Answer.UNCONFIRMED: Rule(),
    Answer.TOO_FAST: Rule(_UNCOUNTED, slows=True),
    Answer.TOO_MANY_CALLS: Rule(Retry(60, factor=1, counts=False), slows=True),
    Answer.CROWDED: Rule(Retry(5, factor=1, counts=False), slows=True),
    Answer.PAIR_LIMITED: Rule(Retry(4, factor=4, most_attempts=6)),
    Answer.UNAVAILABLE: Rule(Retry(1, most_attempts=8), is_outage=True),
    Answer.FAULTY: Rule(Retry(1, most_attempts=3), is_outage=True),
    Answer.MAINTENANCE: Rule(Retry(60, most_attempts=8), is_outage=True),
    Answer.NOT_READY: Rule(Retry(600, most_attempts=3), is_outage=True),
    Answer.ACCOUNT_STOPPED: Rule(_UNCOUNTED, stops=Reach.ACCOUNT),
    Answer.NUMBER_STOPPED: Rule(_UNCOUNTED, stops=Reach.NUMBER),
    Answer.TEMPLATE_STOPPED: Rule(_UNCOUNTED, stops=Reach.TEMPLATE),
    Answer.MISCONFIGURED: Rule(_UNCOUNTED, stops=Reach.SOURCE),
    Answer.REFUSED: Rule(),
    Answer.OPTED_OUT: Rule(),
    Answer.NOT_NOW: Rule(),
}

NOT_NOW_FOR: Final = timedelta(hours=24)

NOT_NOW_CODES: Final = (131049,)
"""NOT_NOW in the provider's codes."""

NOT_NOW_REASON: Final = (
    "WhatsApp held the last message back (131049), and asks for 24 hours before this person is written to again."
)

LONGEST_WAIT_SECONDS: Final = 300.0

REST_SECONDS: Final = 5.0
"""A wait of so long also rests a number that was too fast."""

OUTAGE_REST_SECONDS: Final = 60.0

OUTAGE_AFTER: Final = 20
"""Fewer refusals in a row are bad luck."""


# ---------------------------------------------------------------- the message


@dataclass(frozen=True, slots=True)
class Decision:
    status: MessageStatus
    wait: timedelta | None = None
    counts: bool = True


def decide(answer: Answer, attempts: int) -> Decision:
    """Decides what follows an answer to attempt number `attempts`; the first is 1."""
    if answer is Answer.ACCEPTED:
        return Decision(MessageStatus.SENT)
    if answer is Answer.UNCONFIRMED:
        return Decision(MessageStatus.UNCONFIRMED)
    retry = RULES[answer].retry
    if retry is None or (retry.most_attempts is not None and attempts >= retry.most_attempts):
        return Decision(MessageStatus.FAILED)
    wait = wait_before_retry(retry.first_seconds, attempts, retry.factor)
    return Decision(MessageStatus.PENDING, wait, retry.counts)


def wait_before_retry(first_seconds: float, attempts: int, factor: float = 2.0) -> timedelta:
    seconds: float = min(LONGEST_WAIT_SECONDS, first_seconds * factor ** max(0, attempts - 1))
    return timedelta(seconds=max(first_seconds, seconds))


# ---------------------------------------------------------------- everything else that is sent


def stop_reach(answer: Answer | None) -> Reach | None:
    """What is paused because other messages would fail too."""
    return None if answer is None else RULES[answer].stops


@dataclass(frozen=True, slots=True)
class PaceChange:
    slow_down: bool = False
    rest_seconds: float = 0.0


def pace_change(answer: Answer, outage_answers: int) -> PaceChange:
    """`outage_answers` counts the answers of an outage in a row, with this one."""
    rule = RULES[answer]
    first_seconds = 0.0 if rule.retry is None else rule.retry.first_seconds
    if rule.slows:
        return PaceChange(slow_down=True, rest_seconds=first_seconds if first_seconds >= REST_SECONDS else 0.0)
    if not rule.is_outage:
        return PaceChange()
    rest = first_seconds if first_seconds >= OUTAGE_REST_SECONDS else 0.0
    if answer is Answer.NOT_SENT or outage_answers >= OUTAGE_AFTER:
        rest = max(rest, min(5.0, 0.25 * 2 ** min(5, outage_answers // 10)))
    return PaceChange(rest_seconds=rest)


LEAST_TO_JUDGE: Final = 100


def too_many_failures(ends: int, failures: int, rate: float, least: int = LEAST_TO_JUDGE) -> bool:
    """More than `rate` (0 to 1) of `ends`; never below `least` outcomes."""
    return ends >= least and failures > rate * ends
