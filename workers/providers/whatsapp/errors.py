"""Errors of the Cloud API, and the meaning of its codes.

    WhatsAppError
    +-- NotSent        nothing left this machine: calling again is safe
    +-- Unconfirmed    the answer was lost: it may have been accepted
    +-- Refused        the API said no, with a code: not accepted

The `answer` depends on the code, and for code 100 on `details`; never on the HTTP status, the title or the subcode."""

from collections.abc import Mapping
from typing import Any, Final

from models.messaging.policy import Answer


class WhatsAppError(Exception):
    answer: Answer


class NotSent(WhatsAppError):
    answer = Answer.NOT_SENT


class Unconfirmed(WhatsAppError):
    """The answer was lost or cannot be read: the request may have been accepted."""

    answer = Answer.UNCONFIRMED


class Refused(WhatsAppError):
    """The API refused the request; `code` is Meta's, `reason` is for people."""

    def __init__(self, code: int, reason: str, answer: Answer) -> None:
        super().__init__(f"({code}) {reason}")
        self.code = code
        self.reason = reason
        self.answer = answer


ANSWERS: Final[Mapping[int, Answer]] = {
    # call, token, account
    0: Answer.ACCOUNT_STOPPED,
    1: Answer.FAULTY,
    2: Answer.UNAVAILABLE,
    3: Answer.ACCOUNT_STOPPED,
    4: Answer.TOO_MANY_CALLS,
    10: Answer.ACCOUNT_STOPPED,
    33: Answer.NUMBER_STOPPED,
    100: Answer.MISCONFIGURED,
    190: Answer.ACCOUNT_STOPPED,
    **dict.fromkeys(range(200, 300), Answer.ACCOUNT_STOPPED),
    368: Answer.ACCOUNT_STOPPED,
    613: Answer.TOO_MANY_CALLS,
    803: Answer.MISCONFIGURED,
    80007: Answer.TOO_MANY_CALLS,
    80008: Answer.TOO_MANY_CALLS,
    # pace
    130429: Answer.TOO_FAST,
    131056: Answer.PAIR_LIMITED,
    # the recipient
    130403: Answer.REFUSED,
    130472: Answer.REFUSED,
    130497: Answer.REFUSED,
    131021: Answer.REFUSED,
    131026: Answer.REFUSED,
    131030: Answer.REFUSED,
    131047: Answer.REFUSED,
    131049: Answer.NOT_NOW,
    131050: Answer.OPTED_OUT,
    131062: Answer.REFUSED,
    132005: Answer.REFUSED,
    132008: Answer.REFUSED,
    132012: Answer.REFUSED,
    132018: Answer.REFUSED,
    131009: Answer.REFUSED,
    137000: Answer.REFUSED,
    # the service
    131000: Answer.FAULTY,
    131016: Answer.UNAVAILABLE,
    131057: Answer.MAINTENANCE,
    133004: Answer.UNAVAILABLE,
    134101: Answer.NOT_READY,
    2494100: Answer.MAINTENANCE,
    # account, number
    131005: Answer.ACCOUNT_STOPPED,
    131031: Answer.ACCOUNT_STOPPED,
    131042: Answer.ACCOUNT_STOPPED,
    131064: Answer.ACCOUNT_STOPPED,
    135000: Answer.ACCOUNT_STOPPED,
    141008: Answer.ACCOUNT_STOPPED,
    141014: Answer.ACCOUNT_STOPPED,
    131037: Answer.NUMBER_STOPPED,
    131045: Answer.NUMBER_STOPPED,
    131048: Answer.NUMBER_STOPPED,
    133010: Answer.NUMBER_STOPPED,
    # template
    132000: Answer.TEMPLATE_STOPPED,
    132001: Answer.TEMPLATE_STOPPED,
    132007: Answer.TEMPLATE_STOPPED,
    132015: Answer.TEMPLATE_STOPPED,
    132016: Answer.TEMPLATE_STOPPED,
    132068: Answer.TEMPLATE_STOPPED,
    132069: Answer.TEMPLATE_STOPPED,
    # our mistakes
    131008: Answer.MISCONFIGURED,
    131051: Answer.MISCONFIGURED,
    131053: Answer.MISCONFIGURED,
    131055: Answer.MISCONFIGURED,
    131063: Answer.MISCONFIGURED,
    134011: Answer.MISCONFIGURED,
    134100: Answer.MISCONFIGURED,
    134102: Answer.MISCONFIGURED,
}
"""Other codes are about the recipient; many of them pause the source."""

_OF_ONE_RECIPIENT: Final = ("recipient", "phone number is not", "parameter value")
"""`details` of code 100 about the recipient's own values."""


def refusal(error: dict[str, Any]) -> Refused:
    """Takes the `error` of a call, or one of the `errors` of a status."""
    code = error.get("code")
    code = code if isinstance(code, int) and 0 <= code < 2**31 else -1
    details = _details(error)
    answer = ANSWERS.get(code, Answer.REFUSED)
    if code == 100 and any(words in details.lower() for words in _OF_ONE_RECIPIENT):
        answer = Answer.REFUSED
    return Refused(code, _reason(error, details), answer)


def _details(error: dict[str, Any]) -> str:
    """An object for messages, a string for templates."""
    data = error.get("error_data")
    if isinstance(data, dict):
        data = data.get("details")
    return data if isinstance(data, str) else ""


def _reason(error: dict[str, Any], details: str) -> str:
    said = details or error.get("message") or error.get("title")
    return str(said)[:500] if said else "WhatsApp gave no reason."
