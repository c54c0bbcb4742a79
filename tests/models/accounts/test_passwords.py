"""Passwords and their hashes."""

import pytest

from models.accounts import passwords
from models.errors import Invalid


async def test_a_password_matches_only_its_hash() -> None:
    stored = await passwords.hashed("correct horse")
    assert stored.startswith("$argon2id$")
    assert stored != await passwords.hashed("correct horse"), "each hash has its own salt"
    assert await passwords.matching("correct horse", [stored]) == [True]
    assert await passwords.matching("correct horsf", [stored]) == [False]
    assert await passwords.matching("correct horse", ["", "no hash at all", "$argon2id$v=19$m=1$x$y"]) == [False] * 3
    assert await passwords.matching("correct horse", []) == []


async def test_hashes_that_share_a_salt_are_checked_in_one_computation(monkeypatch: pytest.MonkeyPatch) -> None:
    first = await passwords.hashed("correct horse")
    second = await passwords.hashed("another horse", like=first)
    assert passwords.share_salt(first, second)
    computed = []
    compute = passwords.hash_secret

    def counted(*arguments: object) -> bytes:
        computed.append(arguments)
        return compute(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(passwords, "hash_secret", counted)
    for stored in ([first, second], [first], [first, "", second], [""], []):
        computed.clear()
        assert (await passwords.matching("another horse", stored)) == [one == second for one in stored]
        assert len(computed) == 1, "nothing tells by its time how many workspaces a member has, or whether there is one"


@pytest.mark.parametrize("wrong", ["short", "x" * 201, "nul\x00 in the midst", 12345678901])
def test_a_password_that_is_not_good_enough_is_refused(wrong: object) -> None:
    with pytest.raises(Invalid):
        passwords.check_password(wrong)
