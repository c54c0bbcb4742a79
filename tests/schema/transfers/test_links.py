"""Addresses that let whoever has them do one thing, for a while."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest

from models import clock
from schema.transfers.links import Link, Links, Purpose

LINKS = Links("a secret of the tests, which is 32 bytes", "https://muster.test")


def token_of(address: str) -> str:
    return address.removeprefix("https://muster.test/").split("/")[1]


def in_an_hour() -> datetime:
    return clock.now() + timedelta(hours=1)


def test_an_address_is_read_back():
    address = LINKS.download(Purpose.EXPORT, 7, 12, in_an_hour(), "contacts 12.csv")
    assert address.startswith("https://muster.test/downloads/")
    assert address.endswith("/contacts%2012.csv")
    assert LINKS.read(token_of(address), Purpose.EXPORT, Purpose.REFUSALS) == (Purpose.EXPORT, Link(7, 12))


def test_an_address_is_good_for_nothing_else():
    token = token_of(LINKS.upload(7, 12, in_an_hour()))
    assert LINKS.read(token, Purpose.UPLOAD) is not None
    assert LINKS.read(token, Purpose.EXPORT, Purpose.REFUSALS) is None


def test_an_address_ends():
    token = token_of(LINKS.upload(7, 12, datetime(2026, 11, 22, 10, tzinfo=UTC)))
    clock.set_source(lambda: datetime(2026, 11, 22, 9, 59, 59, tzinfo=UTC))
    assert LINKS.read(token, Purpose.UPLOAD) is not None
    clock.set_source(lambda: datetime(2026, 11, 22, 10, tzinfo=UTC))
    assert LINKS.read(token, Purpose.UPLOAD) is None


def test_another_installation_s_address_is_none_of_ours():
    other = Links("another secret of the tests, also 32 bytes", "https://muster.test")
    assert LINKS.read(token_of(other.upload(7, 12, in_an_hour())), Purpose.UPLOAD) is None


@pytest.mark.parametrize("token", ["", ".", "x", "x.y", "é.ñ", "a" * 5_000, "." * 10])
def test_nonsense_is_no_address(token):
    assert LINKS.read(token, *Purpose) is None


def test_what_is_said_can_not_be_changed():
    said, _, signature = token_of(LINKS.upload(7, 12, in_an_hour())).partition(".")
    for claim in ("upload.8.12.99999999999", "export.7.12.99999999999", "upload.7.12.1"):
        forged = urlsafe_b64encode(claim.encode()).rstrip(b"=").decode()
        assert LINKS.read(f"{forged}.{signature}", *Purpose) is None
    assert LINKS.read(f"{said}.{signature[:-2]}AA", Purpose.UPLOAD) is None
