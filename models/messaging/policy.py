"""The sending policy: what a provider's answer means for the message, for what sends it, and for the pace. Pure.

When a message is tried again, how long that waits and how much is paused is decided here and nowhere else. A provider
only says which `Answer` it met; workers carry out what is decided.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from models.messaging.message_states import MessageStatus


class Answer(StrEnum):
    """What came of an attempt, or what a status says of a failure, in words that are no provider's own."""

    ACCEPTED = "ACCEPTED"
    NOT_SENT = "NOT_SENT"
    """Nothing left this machine: as if the call had not been made."""
    UNCONFIRMED = "UNCONFIRMED"
    """The request left and its answer was lost: it may have been accepted."""

    # refused for now
    TOO_FAST = "TOO_FAST"
    """The number sends too fast."""
    TOO_MANY_CALLS = "TOO_MANY_CALLS"
    """The account or the app makes too many calls."""
    CROWDED = "CROWDED"
    """Something between us and the provider says that there are too many calls."""
    PAIR_LIMITED = "PAIR_LIMITED"
    """Too much to this one person; nobody else has to wait."""
    UNAVAILABLE = "UNAVAILABLE"
    """The service is out for a moment."""
    FAULTY = "FAULTY"
    """The service failed without saying why."""
    MAINTENANCE = "MAINTENANCE"
    """The service or the number is out for minutes."""
    NOT_READY = "NOT_READY"
    """What is to be sent is still being prepared on the provider's side."""

    # refused for everybody
    ACCOUNT_STOPPED = "ACCOUNT_STOPPED"
    """Token, permission, payment, policy: the account cannot send."""
    NUMBER_STOPPED = "NUMBER_STOPPED"
    """The phone number cannot send."""
    TEMPLATE_STOPPED = "TEMPLATE_STOPPED"
    """The template cannot be sent."""
    MISCONFIGURED = "MISCONFIGURED"
    """What we send is wrong in the same way for everybody."""

    # refused for this recipient
    REFUSED = "REFUSED"
    """This recipient will not do; the next one may."""
    OPTED_OUT = "OPTED_OUT"
    """The person stopped our marketing."""
    NOT_NOW = "NOT_NOW"
    """The provider holds messages to this person back; trying within NOT_NOW_FOR makes it worse."""


class Reach(StrEnum):
    """How far a stop reaches."""

    SOURCE = "SOURCE"
    """What sends the message: this broadcast."""
    TEMPLATE = "TEMPLATE"
    """Everything that is sent with this template."""
    NUMBER = "NUMBER"
    """Everything that is sent from this number."""
    ACCOUNT = "ACCOUNT"
    """Everything that is sent through this account."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again after `first_seconds`, each time `factor` times longer, `most_attempts` times in all (None: until it works).

    `counts`: whether such an attempt counts as one of them.
    """

    first_seconds: float
    factor: float = 2.0
    most_attempts: int | None = None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """What an answer leads to. Without a retry the message has FAILED (or is UNCONFIRMED, or SENT).

    `slows`: the number's pace goes down. `is_outage`: the longer such answers last, the more seldom the provider is asked.
    """

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
"""The error codes in the ledger that stand for NOT_NOW: the ledger keeps the provider's code, not the answer."""

LONGEST_WAIT_SECONDS: Final = 300.0

REST_SECONDS: Final = 5.0
"""What asks for at least so long a wait rests the number meanwhile, when it was too fast."""

OUTAGE_REST_SECONDS: Final = 60.0
"""The same, when the service is out."""

OUTAGE_AFTER: Final = 20
"""So many refusals in a row are an outage, and not a few unlucky calls."""


# ---------------------------------------------------------------- the message


@dataclass(frozen=True, slots=True)
class Decision:
    """Where the message stands now: SENT, FAILED, UNCONFIRMED, or PENDING again after `wait`."""

    status: MessageStatus
    wait: timedelta | None = None
    counts: bool = True


def decide(answer: Answer, attempts: int) -> Decision:
    """What becomes of a message whose attempt number `attempts` (1 for the first) met this answer."""
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
    """How long to wait after attempt number `attempts` (1 for the first) was put off."""
    seconds: float = min(LONGEST_WAIT_SECONDS, first_seconds * factor ** max(0, attempts - 1))
    return timedelta(seconds=max(first_seconds, seconds))


# ---------------------------------------------------------------- everything else that is sent


def stop_reach(answer: Answer | None) -> Reach | None:
    """How much is paused, because no recipient would fare better until a person has looked at it; None: nothing."""
    return None if answer is None else RULES[answer].stops


@dataclass(frozen=True, slots=True)
class PaceChange:
    """What happens to the pace of the number: it slows down, it sends nothing for `rest_seconds`, or neither."""

    slow_down: bool = False
    rest_seconds: float = 0.0


def pace_change(answer: Answer, outage_answers: int) -> PaceChange:
    """What an answer does to the pace. `outage_answers`: how many answers in a row spoke of an outage, this one included."""
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
"""Outcomes over which a failure rate means something."""


def too_many_failures(ends: int, failures: int, rate: float, least: int = LEAST_TO_JUDGE) -> bool:
    """Whether `failures` of the last `ends` outcomes are more than `rate` (0 to 1); never of fewer than `least`."""
    return ends >= least and failures > rate * ends
