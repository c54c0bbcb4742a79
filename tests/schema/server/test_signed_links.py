"""A link allows one thing for a limited time."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest

from models import clock
from schema.server.signed_links import Link, LinkSigner

SIGNER = LinkSigner("a secret of the tests, which is 32 bytes", "https://muster.test")


def in_an_hour() -> datetime:
    return clock.now() + timedelta(hours=1)


def test_a_token_is_read_back():
    assert SIGNER.read(SIGNER.token("send", 7, 12, in_an_hour()), "fetch", "send") == ("send", Link(7, 12))


def test_a_token_has_one_purpose():
    token = SIGNER.token("send", 7, 12, in_an_hour())
    assert SIGNER.read(token, "send") is not None
    assert SIGNER.read(token, "fetch", "report") is None


def test_a_token_expires():
    token = SIGNER.token("send", 7, 12, datetime(2026, 11, 22, 10, tzinfo=UTC))
    clock.set_source(lambda: datetime(2026, 11, 22, 9, 59, 59, tzinfo=UTC))
    assert SIGNER.read(token, "send") is not None
    clock.set_source(lambda: datetime(2026, 11, 22, 10, tzinfo=UTC))
    assert SIGNER.read(token, "send") is None


def test_a_token_of_another_installation_is_refused():
    other = LinkSigner("another secret of the tests, also 32 bytes", "https://muster.test")
    assert SIGNER.read(other.token("send", 7, 12, in_an_hour()), "send") is None


@pytest.mark.parametrize("token", ["", ".", "x", "x.y", "é.ñ", "a" * 5_000, "." * 10])
def test_other_text_is_no_token(token: str):
    assert SIGNER.read(token, "send", "fetch") is None


def test_a_token_cannot_be_changed():
    claims, _, signature = SIGNER.token("send", 7, 12, in_an_hour()).partition(".")
    for claim in ("send.8.12.99999999999", "fetch.7.12.99999999999", "send.7.12.1"):
        forged = urlsafe_b64encode(claim.encode()).rstrip(b"=").decode()
        assert SIGNER.read(f"{forged}.{signature}", "send", "fetch") is None
    assert SIGNER.read(f"{claims}.{signature[:-2]}AA", "send") is None
