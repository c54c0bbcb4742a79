"""What can come of a call to the Cloud API that is not a yes, as a tree by what we do about it.

    WhatsAppError
    +-- NotSent                  nothing left this machine: as if the call had not been made
    +-- Unconfirmed              the request left and its answer was lost: it may have been accepted
    +-- Refused                  the API said no, with a code: it was certainly not accepted
        +-- RetryLater           the same request may do later, after `retry_after_seconds`
        |   +-- SlowDown         the number, or the account, is going too fast
        |   +-- PairLimited      too much to this one person; nobody else has to wait
        |   +-- Unavailable      the service, or the number, is out for a moment
        +-- StopBroadcast        no recipient would fare better: a person has to look at it
        |   +-- AccountStopped   token, permission, payment, policy: nothing can be sent on this account
        |   +-- NumberStopped    the phone number cannot send
        |   +-- TemplateStopped  the template cannot be sent
        |   +-- Misconfigured    what we send is wrong in the same way for everybody
        +-- DropRecipient        this one will not do; the next one may
            +-- OptedOut         the person stopped our marketing: suppressed until they say otherwise
            +-- NotNow           not within 24 hours; once more at most, after that

Decided by the code, and for a few codes by `details`; never by the HTTP status, the title or the subcode.
"""

from dataclasses import dataclass
from typing import Any, Final


class WhatsAppError(Exception):
    """All that can come of a call but a yes."""


class NotSent(WhatsAppError):
    """No byte of the request left us (connection refused, name not found): it is safe to call again."""


class Unconfirmed(WhatsAppError):
    """The request left, and its answer was lost or cannot be read: it may have been accepted."""


class Refused(WhatsAppError):
    """The API said no. `code` is Meta's, `reason` is fit for a person to read."""

    def __init__(self, code: int, reason: str, retry_after_seconds: float = 0.0, tries: int | None = None) -> None:
        super().__init__(f"({code}) {reason}")
        self.code = code
        self.reason = reason
        self.retry_after_seconds = retry_after_seconds
        self.tries = tries


class RetryLater(Refused):
    """Try again after `retry_after_seconds` (the first time; it grows), `tries` times at most (None: until it works)."""


class SlowDown(RetryLater):
    """Too fast: lower the pace of the number as well."""


class PairLimited(RetryLater):
    """Too many messages to this one person: they alone wait."""


class Unavailable(RetryLater):
    """Out for a moment."""


class StopBroadcast(Refused):
    """It would be the same for every recipient."""


class AccountStopped(StopBroadcast):
    """The account or its token cannot send."""


class NumberStopped(StopBroadcast):
    """The phone number cannot send."""


class TemplateStopped(StopBroadcast):
    """The template cannot be sent."""


class Misconfigured(StopBroadcast):
    """What we send is wrong."""


class DropRecipient(Refused):
    """Not to this recipient."""


class OptedOut(DropRecipient):
    """They asked not to get marketing from this business."""


class NotNow(DropRecipient):
    """Held back to keep the ecosystem healthy; trying within 24 hours makes it worse."""


@dataclass(frozen=True)
class _Verdict:
    kind: type[Refused]
    retry_after_seconds: float = 0.0
    tries: int | None = None


_SLOW: Final = _Verdict(SlowDown, retry_after_seconds=1)
_OUT: Final = _Verdict(Unavailable, retry_after_seconds=1, tries=8)
_ODD: Final = _Verdict(Unavailable, retry_after_seconds=1, tries=3)
_ACCOUNT: Final = _Verdict(AccountStopped)
_NUMBER: Final = _Verdict(NumberStopped)
_TEMPLATE: Final = _Verdict(TemplateStopped)
_OURS: Final = _Verdict(Misconfigured)
_DROP: Final = _Verdict(DropRecipient)

VERDICTS: Final[dict[int, _Verdict]] = {
    # the call, the token, the account
    0: _ACCOUNT,
    1: _ODD,
    2: _OUT,
    3: _ACCOUNT,
    4: _Verdict(SlowDown, retry_after_seconds=60),
    10: _ACCOUNT,
    33: _NUMBER,
    100: _OURS,
    190: _ACCOUNT,
    **dict.fromkeys(range(200, 300), _ACCOUNT),
    368: _ACCOUNT,
    613: _Verdict(SlowDown, retry_after_seconds=60),
    803: _OURS,
    80007: _Verdict(SlowDown, retry_after_seconds=60),
    80008: _Verdict(SlowDown, retry_after_seconds=60),
    # pace
    130429: _SLOW,
    131056: _Verdict(PairLimited, retry_after_seconds=4, tries=6),
    # the recipient
    130403: _DROP,
    130472: _DROP,
    130497: _DROP,
    131021: _DROP,
    131026: _DROP,
    131030: _DROP,
    131047: _DROP,
    131049: _Verdict(NotNow),
    131050: _Verdict(OptedOut),
    131062: _DROP,
    132005: _DROP,
    132008: _DROP,
    132012: _DROP,
    132018: _DROP,
    131009: _DROP,
    137000: _DROP,
    # the service
    131000: _ODD,
    131016: _OUT,
    131057: _Verdict(Unavailable, retry_after_seconds=60, tries=8),
    133004: _OUT,
    134101: _Verdict(Unavailable, retry_after_seconds=600, tries=3),
    2494100: _Verdict(Unavailable, retry_after_seconds=60, tries=8),
    # account, number
    131005: _ACCOUNT,
    131031: _ACCOUNT,
    131042: _ACCOUNT,
    131064: _ACCOUNT,
    135000: _ACCOUNT,
    141008: _ACCOUNT,
    141014: _ACCOUNT,
    131037: _NUMBER,
    131045: _NUMBER,
    131048: _NUMBER,
    133010: _NUMBER,
    # template
    132000: _TEMPLATE,
    132001: _TEMPLATE,
    132007: _TEMPLATE,
    132015: _TEMPLATE,
    132016: _TEMPLATE,
    132068: _TEMPLATE,
    132069: _TEMPLATE,
    # what we send
    131008: _OURS,
    131051: _OURS,
    131053: _OURS,
    131055: _OURS,
    131063: _OURS,
    134011: _OURS,
    134100: _OURS,
    134102: _OURS,
}
"""What each code means for a broadcast. A code that is not here drops its recipient; many of them pause the broadcast."""

_OF_ONE_RECIPIENT: Final = ("recipient", "phone number is not", "parameter value")
"""Words in the `details` of code 100 that point at this recipient's own values."""


def refusal(error: dict[str, Any]) -> Refused:
    """The error that an error object of the API stands for: a call's `error`, or one of a status webhook's `errors`."""
    code = error.get("code")
    code = code if isinstance(code, int) else -1
    details = _details(error)
    verdict = VERDICTS.get(code, _DROP)
    if code == 100 and any(words in details.lower() for words in _OF_ONE_RECIPIENT):
        verdict = _DROP
    return verdict.kind(code, _reason(error, details), verdict.retry_after_seconds, verdict.tries)


def _details(error: dict[str, Any]) -> str:
    """`error_data` is an object for messages and a plain string for templates."""
    data = error.get("error_data")
    if isinstance(data, dict):
        data = data.get("details")
    return data if isinstance(data, str) else ""


def _reason(error: dict[str, Any], details: str) -> str:
    said = details or error.get("message") or error.get("title")
    return str(said)[:500] if said else "WhatsApp gave no reason."
