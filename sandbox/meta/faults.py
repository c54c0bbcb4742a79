"""Faults, caused by commands."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sandbox.meta.checks import ApiError, update_failed


class Fault(StrEnum):
    LIMITED = "limited"
    FAULTY = "faulty"
    LOST_ANSWER = "lost_answer"
    CUT = "cut"
    HANGS = "hangs"
    SLOW = "slow"
    BUSY = "busy"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105 - the name of a fault
    FORBIDDEN = "forbidden"
    TERMS = "terms"
    ABUSIVE = "abusive"
    TOO_SMALL = "too_small"
    NOT_JSON = "not_json"


MEANINGS: Final = {
    Fault.LIMITED: "refused with 80003, and a header that asks to wait for a minute",
    Fault.FAULTY: "HTTP 500 with code 2",
    Fault.LOST_ANSWER: "done, and the connection is cut before the answer",
    Fault.CUT: "not done, and the connection is cut",
    Fault.HANGS: "not done, and never answered",
    Fault.SLOW: "done, and answered after two seconds",
    Fault.BUSY: "refused with 2650/1870145: another update is in progress",
    Fault.TOKEN_EXPIRED: "refused with 190",
    Fault.FORBIDDEN: "refused with 200",
    Fault.TERMS: "refused with 200/1870090: the terms are not accepted",
    Fault.ABUSIVE: "refused with 368",
    Fault.TOO_SMALL: "refused with 2650: the audience is too small",
    Fault.NOT_JSON: "HTTP 502 with a page of a proxy, and nothing is done",
}

CALLS: Final = ("create", "add", "remove", "replace", "read", "delete")
"""What a fault can be limited to."""


@dataclass
class Command:
    """`call` None: all; one of CALLS. `audience` None: all. `times` None: until cleared. `share`: 0 to 1."""

    fault: Fault
    call: str | None = None
    audience: str | None = None
    times: int | None = None
    share: float = 1.0

    def applies_to(self, call: str, audience: str | None, rng: random.Random) -> bool:
        if self.times == 0 or self.call not in (None, call) or self.audience not in (None, audience):
            return False
        if rng.random() >= self.share:
            return False
        if self.times is not None:
            self.times -= 1
        return True


@dataclass
class Faults:
    """The active faults. `invalid`: hashes that are called invalid wherever they come."""

    commands: list[Command] = field(default_factory=list)
    invalid: frozenset[str] = frozenset()
    rng: random.Random = field(default_factory=lambda: random.Random(7))  # noqa: S311 - the same in every run

    def of(self, call: str, audience: str | None) -> Fault | None:
        for command in self.commands:
            if command.applies_to(call, audience, self.rng):
                return command.fault
        return None

    def set(self, commands: Sequence[Command]) -> None:
        self.commands = list(commands)


_ERRORS: Final = {
    Fault.LIMITED: lambda: ApiError(400, 80003, "There have been too many calls to this ad-account."),
    Fault.FAULTY: lambda: ApiError(500, 2, "Service temporarily unavailable", transient=True),
    Fault.BUSY: lambda: update_failed(1870145, "another update is in progress."),
    Fault.TOKEN_EXPIRED: lambda: ApiError(401, 190, "Error validating access token: Session has expired."),
    Fault.FORBIDDEN: lambda: ApiError(403, 200, "Permissions error"),
    Fault.TERMS: lambda: ApiError(403, 200, "The Custom Audience Terms are not accepted.", 1870090),
    Fault.ABUSIVE: lambda: ApiError(400, 368, "The action attempted has been deemed abusive."),
    Fault.TOO_SMALL: lambda: ApiError(400, 2650, "The audience size is too small to remove people."),
}


def error_of(fault: Fault) -> ApiError | None:
    """What the API answers; None when the fault is no answer."""
    return _ERRORS[fault]() if fault in _ERRORS else None
