"""A link allows one thing for a limited time."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest

from models import clock
from schema.server.signed_links import Link
from schema.transfers.links import Links, Purpose

LINKS = Links("a secret of the tests, which is 32 bytes", "https://muster.test")


def token_of(url: str) -> str:
    return url.removeprefix("https://muster.test/").split("/")[1]


def in_an_hour() -> datetime:
    return clock.now() + timedelta(hours=1)


def test_a_link_is_read_back():
    url = LINKS.download(Purpose.EXPORT, 7, 12, in_an_hour(), "contacts 12.csv")
    assert url.startswith("https://muster.test/downloads/")
    assert url.endswith("/contacts%2012.csv")
    assert LINKS.read(token_of(url), Purpose.EXPORT, Purpose.REFUSALS) == (Purpose.EXPORT, Link(7, 12))


def test_a_link_has_one_purpose():
    token = token_of(LINKS.upload(7, 12, in_an_hour()))
    assert LINKS.read(token, Purpose.UPLOAD) is not None
    assert LINKS.read(token, Purpose.EXPORT, Purpose.REFUSALS) is None


def test_a_link_expires():
    token = token_of(LINKS.upload(7, 12, datetime(2026, 11, 22, 10, tzinfo=UTC)))
    clock.set_source(lambda: datetime(2026, 11, 22, 9, 59, 59, tzinfo=UTC))
    assert LINKS.read(token, Purpose.UPLOAD) is not None
    clock.set_source(lambda: datetime(2026, 11, 22, 10, tzinfo=UTC))
    assert LINKS.read(token, Purpose.UPLOAD) is None


def test_a_link_of_another_installation_is_refused():
    other = Links("another secret of the tests, also 32 bytes", "https://muster.test")
    assert LINKS.read(token_of(other.upload(7, 12, in_an_hour())), Purpose.UPLOAD) is None


@pytest.mark.parametrize("token", ["", ".", "x", "x.y", "é.ñ", "a" * 5_000, "." * 10])
def test_other_text_is_no_link(token):
    assert LINKS.read(token, *Purpose) is None


def test_a_link_cannot_be_changed():
    claims, _, signature = token_of(LINKS.upload(7, 12, in_an_hour())).partition(".")
    for claim in ("upload.8.12.99999999999", "export.7.12.99999999999", "upload.7.12.1"):
        forged = urlsafe_b64encode(claim.encode()).rstrip(b"=").decode()
        assert LINKS.read(f"{forged}.{signature}", *Purpose) is None
    assert LINKS.read(f"{claims}.{signature[:-2]}AA", Purpose.UPLOAD) is None
