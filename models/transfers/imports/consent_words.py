"""What the cells of a consent column mean."""

from collections.abc import Mapping
from typing import Final

from models.contacts.built_in_fields import CONSENTS, check_column
from models.errors import Invalid, LimitExceeded
from models.values.texts import check_name, kind_of

MOST_WORDS: Final = 100


def check_consent_words(words: object) -> dict[str, str]:
    """The consent by word, in lower case. Raises Invalid or LimitExceeded, at the word."""
    if not isinstance(words, Mapping):
        raise Invalid(f'this must be an object such as {{"yes": "OPTED_IN"}}, not {kind_of(words)}')
    if len(words) > MOST_WORDS:
        raise LimitExceeded(f"{len(words)} words are too many: at most {MOST_WORDS}")
    checked: dict[str, str] = {}
    for word, consent in words.items():
        if consent not in CONSENTS:
            raise Invalid(f"this must be one of {', '.join(CONSENTS)}", (str(word)[:100],))
        if checked.setdefault(_plain(check_name(word, 100)), consent) != consent:
            raise Invalid("this word is there twice, with two meanings", (str(word)[:100],))
    return checked


def read_consent(text: str, words: Mapping[str, str]) -> str:
    """`words` are as `check_consent_words` gives them. Raises Invalid."""
    known = words.get(_plain(text))
    if known is not None:
        return known
    try:
        consent: str = check_column("whatsapp_consent", text, None)
    except Invalid as error:
        hint = (
            f"or a word of consentValues ({', '.join(sorted(words))})"
            if words
            else "or say in consentValues what it means"
        )
        raise Invalid(f"{text.strip()[:50]!r} is no consent: {error.message}, {hint}") from None
    return consent


def _plain(word: str) -> str:
    return word.strip().casefold()
