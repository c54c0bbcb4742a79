"""The links of uploads and downloads."""

from datetime import timedelta

from models import clock
from schema.server.signed_links import Link
from schema.transfers.links import Links, Purpose

LINKS = Links("a secret of the tests, which is 32 bytes", "https://muster.test")


def test_a_download_has_a_filename_and_is_read_back():
    url = LINKS.download(Purpose.EXPORT, 7, 12, clock.now() + timedelta(hours=1), "contacts 12.csv")
    assert url.startswith("https://muster.test/downloads/")
    assert url.endswith("/contacts%2012.csv")
    token = url.removeprefix("https://muster.test/downloads/").split("/")[0]
    assert LINKS.read(token, Purpose.EXPORT, Purpose.REFUSALS) == (Purpose.EXPORT, Link(7, 12))


def test_an_upload_is_read_back():
    url = LINKS.upload(7, 12, clock.now() + timedelta(hours=1))
    token = url.removeprefix("https://muster.test/uploads/")
    assert LINKS.read(token, Purpose.UPLOAD) == (Purpose.UPLOAD, Link(7, 12))
