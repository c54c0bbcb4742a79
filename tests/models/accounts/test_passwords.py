"""Passwords and their hashes."""

import pytest

from models.accounts import passwords
from models.errors import Invalid


async def test_a_password_matches_only_its_hash() -> None:
    stored = await passwords.hashed("correct horse")
    assert stored.startswith("$argon2id$")
    assert stored != await passwords.hashed("correct horse"), "each hash has its own salt"
    assert await passwords.matches("correct horse", stored)
    assert not await passwords.matches("correct horsf", stored)
    assert not await passwords.matches("correct horse", None)
    assert not await passwords.matches("correct horse", "no hash at all")


@pytest.mark.parametrize("wrong", ["short", "x" * 201, "nul\x00 in the midst", 12345678901])
def test_a_password_that_is_not_good_enough_is_refused(wrong: object) -> None:
    with pytest.raises(Invalid):
        passwords.check_password(wrong)
