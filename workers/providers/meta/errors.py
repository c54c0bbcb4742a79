"""Errors of the Marketing API, and the meaning of its codes."""

from collections.abc import Mapping
from typing import Any, Final

from models.destinations.audiences.answers import Answer, Trouble


class MetaError(Exception):
    """A call that did not give what was wanted."""

    def __init__(self, trouble: Trouble, *, is_unknown_object: bool = False) -> None:
        super().__init__(trouble.reason)
        self.trouble = trouble
        self.is_unknown_object = is_unknown_object


_CODES: Final[Mapping[int, Answer]] = {
    1: Answer.FAULTY,
    2: Answer.FAULTY,
    4: Answer.LIMITED,
    17: Answer.LIMITED,
    32: Answer.LIMITED,
    613: Answer.LIMITED,
    80003: Answer.LIMITED,
    102: Answer.RECONNECT,
    190: Answer.RECONNECT,
}
"""All others need a person."""

_UPDATES: Final[Mapping[int, Answer]] = {
    1870145: Answer.BUSY,
    1870147: Answer.NOT_BEGUN,
    1870148: Answer.SESSION_OVER,
    1870158: Answer.SESSION_OVER,
    1870159: Answer.SESSION_OVER,
}
"""Subcodes of 2650, the update of an audience that failed."""

_ADVICE: Final[Mapping[int, str]] = {
    10: "The app may not do this: give it the permission ads_management, and connect the ad account again.",
    33: "Meta does not know this audience or ad account any more: delete the audience here, and make it again.",
    100: "Meta calls the request invalid: look at the audience in the Ads Manager.",
    190: "Meta does not accept the access token: connect the ad account again with a new one.",
    200: "The token may not change audiences of this ad account: give it the permission in the Business Manager.",
    270: "The app has development access only: ask Meta for advanced access to the Marketing API.",
    368: "Meta has blocked the account for what it calls abuse: settle that with Meta's support.",
    2635: "This version of the Marketing API has ended: set MUSTER_META_VERSION to one that is supported.",
    2650: "Meta could not update the audience: look at it in the Ads Manager.",
    2656: "Lookalike audiences depend on this one: delete them first.",
}

_ADVICE_OF_SUBCODES: Final[Mapping[int, str]] = {
    1870050: "The ad account belongs to no business: link it to one in the Business Manager.",
    1870090: "The terms of custom audiences are not accepted: accept them in the Ads Manager for this ad account.",
    1870144: "The audience is too large to be replaced.",
    1713098: "Meta flagged the audience: look at it in the Ads Manager.",
    1713228: "Meta flagged the audience: look at it in the Ads Manager.",
    1713230: "Meta flagged the audience: look at it in the Ads Manager.",
    1713231: "Meta flagged the audience: look at it in the Ads Manager.",
}

_NO_SUCH_OBJECT: Final = 33
"""A subcode."""

_TOO_SMALL: Final = ("too small", "size too low", "too few")
"""Meta documents no code for it: its message says it."""


def refusal(error: Mapping[str, Any], status: int, wait_seconds: float) -> MetaError:
    """Takes the `error` of an answer; `wait_seconds` comes from its headers, 0 for none."""
    code, subcode = _number(error, "code"), _number(error, "error_subcode")
    said = str(error.get("error_user_msg") or error.get("message") or "no reason given")[:300]
    answer = _answer(code, subcode, said, status, error.get("is_transient") is True)
    advice = _ADVICE_OF_SUBCODES.get(subcode) or _ADVICE.get(33 if subcode == _NO_SUCH_OBJECT else code)
    reason = f"Meta said ({code}{f'/{subcode}' if subcode else ''}): {said}"
    trouble = Trouble(answer, f"{advice} {reason}" if advice else reason, wait_seconds or None)
    return MetaError(trouble, is_unknown_object=subcode == _NO_SUCH_OBJECT)


def _number(error: Mapping[str, Any], name: str) -> int:
    value = error.get(name)
    return value if isinstance(value, int) and 0 <= value < 2**31 else 0


def _answer(code: int, subcode: int, said: str, status: int, is_transient: bool) -> Answer:
    if code == 2650:
        if any(words in said.lower() for words in _TOO_SMALL):
            return Answer.TOO_SMALL
        return _UPDATES.get(subcode, Answer.STOPPED)
    if code in _CODES:
        return _CODES[code]
    return Answer.FAULTY if is_transient or status >= 500 else Answer.STOPPED


def lost(reason: str, wait_seconds: float | None = None) -> MetaError:
    return MetaError(Trouble(Answer.UNKNOWN, f"Meta cannot be reached at this moment: {reason}.", wait_seconds))
