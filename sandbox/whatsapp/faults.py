"""Faults, caused by endings of phone numbers and by commands."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Fault(StrEnum):
    UNDELIVERABLE = "undeliverable"
    REFUSED = "refused"
    OPTED_OUT = "opted_out"
    NOT_NOW = "not_now"
    READ_ONLY = "read_only"
    SILENT = "silent"
    LOST_ANSWER = "lost_answer"
    HANGS = "hangs"
    SERVER_ERROR = "server_error"
    ERROR_ONCE = "error_once"
    SLOW = "slow"
    TOO_MUCH = "too_much"
    PAIR_LIMIT = "pair_limit"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - the name of a fault
    ACCOUNT_LOCKED = "account_locked"
    TEMPLATE_PAUSED = "template_paused"


MEANINGS: Final = {
    Fault.UNDELIVERABLE: "accepted, then failed by webhook with 131026, without `contacts`",
    Fault.REFUSED: "refused at once with 131026",
    Fault.OPTED_OUT: "accepted, then failed by webhook with 131050",
    Fault.NOT_NOW: "accepted, then failed by webhook with 131049",
    Fault.READ_ONLY: "accepted; the webhooks say sent and read, never delivered",
    Fault.SILENT: "accepted, and no webhook ever comes",
    Fault.LOST_ANSWER: "accepted, and the connection is cut before the answer; the webhooks come",
    Fault.HANGS: "not accepted, and never answered",
    Fault.SERVER_ERROR: "HTTP 500 with code 131016, each time",
    Fault.ERROR_ONCE: "HTTP 500 with code 131000 the first time, accepted after that",
    Fault.SLOW: "accepted, and answered after three seconds",
    Fault.TOO_MUCH: "refused with 130429",
    Fault.PAIR_LIMIT: "refused with 131056 the first time, accepted after that",
    Fault.TOKEN_EXPIRED: "refused with 190",
    Fault.ACCOUNT_LOCKED: "refused with 131031",
    Fault.TEMPLATE_PAUSED: "refused with 132015",
}

ENDINGS: Final = {
    "99026": Fault.UNDELIVERABLE,
    "99126": Fault.REFUSED,
    "99050": Fault.OPTED_OUT,
    "99049": Fault.NOT_NOW,
    "99003": Fault.READ_ONLY,
    "99004": Fault.SILENT,
    "99504": Fault.LOST_ANSWER,
    "99408": Fault.HANGS,
    "99500": Fault.SERVER_ERROR,
    "99501": Fault.ERROR_ONCE,
    "99030": Fault.SLOW,
    "99056": Fault.PAIR_LIMIT,
}
"""By the last five digits."""


@dataclass
class Command:
    """`phone` None: all. `times` None: until cleared. `share`: 0 to 1."""

    fault: Fault
    phone: str | None = None
    times: int | None = None
    share: float = 1.0

    def applies_to(self, phone: str, rng: random.Random) -> bool:
        if self.times == 0 or self.phone not in (None, phone) or rng.random() >= self.share:
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class Faults:
    """The active faults; with `by_number` False, endings of phone numbers cause none."""

    by_number: bool = True
    commands: list[Command] = field(default_factory=list)
    rng: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - the same in every run
    _caused: set[tuple[Fault, str]] = field(default_factory=set)

    def of(self, phone: str) -> Fault | None:
        """Returns the fault for a message to `phone` (E.164); commands go before number endings."""
        for command in self.commands:
            if command.applies_to(phone, self.rng):
                return command.fault
        fault = ENDINGS.get(phone[-5:]) if self.by_number else None
        return None if fault is None or self._was_once(fault, phone) else fault

    def set(self, commands: Sequence[Command]) -> None:
        self.commands = list(commands)

    def _was_once(self, fault: Fault, phone: str) -> bool:
        if fault not in (Fault.ERROR_ONCE, Fault.PAIR_LIMIT):
            return False
        was_caused = (fault, phone) in self._caused
        self._caused.add((fault, phone))
        return was_caused
