"""Guesses what the words of a consent column mean."""

from collections.abc import Mapping, Sequence
from typing import Final

from models.contacts.built_in_fields import CONSENTS

_MEANINGS: Final[Mapping[str, str]] = {
    "OPTED_IN": "yes y true 1 on x in si sì sí sim ja oui o tak da да так subscribed subscribe opt-in optin active allowed"
    " granted consented accepted ok",
    "OPTED_OUT": "no n false 0 off out non nein nee nie nu não nao нет ні unsubscribed unsubscribe opt-out optout stop"
    " blocked denied revoked withdrawn declined refused",
    "UNKNOWN": "unknown never_subscribed not_set none - ? pending",
}

_KNOWN: Final[Mapping[str, str]] = {word: consent for consent, words in _MEANINGS.items() for word in words.split()} | {
    "not set": "UNKNOWN",
    "never subscribed": "UNKNOWN",
    "opted in": "OPTED_IN",
    "opted out": "OPTED_OUT",
}

MOST_WORDS: Final = 20
"""A column with more of them is not one of consents."""


def guess_consent_words(cells: Sequence[str]) -> tuple[dict[str, str], float, str] | None:
    """The consent by word, without those that need no meaning, and how sure it is."""
    words = dict.fromkeys(cell.strip().casefold() for cell in cells)
    if len(words) > MOST_WORDS:
        return None
    meanings = {word: _KNOWN[word] for word in words if word in _KNOWN and _as_consent(word) not in CONSENTS}
    if not meanings:
        return None
    known = sum(cell.strip().casefold() in meanings or _as_consent(cell) in CONSENTS for cell in cells)
    unknown = [word for word in words if word not in meanings and _as_consent(word) not in CONSENTS]
    reason = f"say what {unknown[0][:50]!r} means" if unknown else "these words mean it in many languages"
    return meanings, 0.8 * known / len(cells), reason


def _as_consent(word: str) -> str:
    return word.strip().upper().replace(" ", "_").replace("-", "_")
