"""Encryption of secrets at rest."""

import pytest

from models.accounts import secrets
from models.accounts.secrets import SecretUnreadable
from tests.kit.broadcasts import SECRET_KEY


def test_a_secret_is_readable_only_with_its_key_and_owner():
    secrets.use_keys(["one key of thirty-two characters"])
    encrypted = secrets.encrypt("secret", "7:token")
    assert b"secret" not in encrypted
    assert secrets.decrypt(encrypted, "7:token") == "secret"
    assert secrets.encrypt("secret", "7:token") != encrypted
    with pytest.raises(SecretUnreadable):
        secrets.decrypt(encrypted, "8:token")
    with pytest.raises(SecretUnreadable):
        secrets.decrypt(encrypted[:-1] + bytes([encrypted[-1] ^ 1]), "7:token")
    secrets.use_keys(["another key of thirty-two letters", "one key of thirty-two characters"])
    assert secrets.decrypt(encrypted, "7:token") == "secret"
    secrets.use_keys(["another key of thirty-two letters"])
    with pytest.raises(SecretUnreadable):
        secrets.decrypt(encrypted, "7:token")


@pytest.fixture(autouse=True)
def _the_usual_key():
    yield
    secrets.use_keys([SECRET_KEY])
