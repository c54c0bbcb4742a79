"""Passwords that are quickly guessed are refused, with advice."""

import pytest

from models.accounts.password_strength import refuse_weak
from models.errors import Invalid

ABOUT = ["ana.garcia@example.com", "Ana García"]


@pytest.mark.parametrize(
    "weak",
    [
        "aaaaaaaaaa",
        "1234567890",
        "password123",
        "Password1!",
        "qwertyuiop",
        "abcabcabcabc",
        "2026-11-28",
        "ana.garcia@example.com",
        "anagarcia1",
        "moc.elpmaxe@aicrag.ana",
        "iloveyou123",
        "muster1234",
    ],
)
async def test_what_is_quickly_guessed_is_refused(weak: str) -> None:
    with pytest.raises(Invalid, match="^this password is too easy to guess: ") as refused:
        await refuse_weak(weak, ABOUT)
    assert weak not in refused.value.message


@pytest.mark.parametrize(
    "good",
    [
        "correct horse battery",
        "x7Kq!2mZ0p",
        "seven purple umbrellas",
        "ö" * 3 + "Wq7 lamp",
        "a river, a lamp and forty hats " * 6,
    ],
)
async def test_what_takes_long_to_guess_is_taken(good: str) -> None:
    await refuse_weak(good, ABOUT)


async def test_what_is_known_about_somebody_is_weak_for_that_member_alone() -> None:
    await refuse_weak("Wilhelmina Otterspoor", ABOUT)
    with pytest.raises(Invalid, match="your name or e-mail"):
        await refuse_weak("Wilhelmina Otterspoor", ["w.o@example.com", "Wilhelmina Otterspoor"])
