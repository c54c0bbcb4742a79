"""Refuses passwords that are quickly guessed: the usual ones, patterns, and what others know about the member."""

import re
from collections.abc import Sequence
from typing import Final

from models.accounts.passwords import in_thread
from models.errors import Invalid

_MOST_CHARACTERS: Final = 72
"""zxcvbn becomes slow with more; the rest of a password is not looked at."""

_LOWEST_SCORE: Final = 2
"""zxcvbn scores from 0 to 4; 2 stands for more than a million guesses."""


async def refuse_weak(password: str, about: Sequence[str]) -> None:
    """Raises Invalid with advice when the password is weak. `about` is what others know of the member, such as the e-mail."""
    advice = await in_thread(_advice, password, tuple(about))
    if advice is not None:
        raise Invalid(f"this password is too easy to guess: {advice}")


def _advice(password: str, about: Sequence[str]) -> str | None:
    from zxcvbn import zxcvbn  # takes a moment to load

    found = zxcvbn(password[:_MOST_CHARACTERS], user_inputs=[*_forms_of(about), "muster"])
    if found["score"] >= _LOWEST_SCORE:
        return None
    if any(match.get("dictionary_name") == "user_inputs" for match in found["sequence"]):
        return "it is made of your name or e-mail. Take several words that have nothing to do with each other."
    warning = found["feedback"]["warning"].rstrip(".")
    return f"{warning[:1].lower()}{warning[1:] or 'it is short'}. Take several words that have nothing to do with each other."


def _forms_of(about: Sequence[str]) -> list[str]:
    """Returns, for "ana.garcia@example.com", itself, "ana", "garcia", "example", "com" and "anagarcia"."""
    forms = [*about]
    for text in about:
        parts = re.split(r"[\W_]+", text)
        forms += [*parts, re.sub(r"[\W_]+", "", text.partition("@")[0])]
    return [form for form in forms if form]
