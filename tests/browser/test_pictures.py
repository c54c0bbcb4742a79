"""The pictures of the documentation, and how pictures are compared."""

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.addresses import address, of_the_demo
from tests.browser.people import Muster
from tests.browser.pictures import different_share, publish, take
from tests.browser.test_accessibility import settle
from tests.kit.run import until

DOCUMENTED = {
    "home": "/",
    "contacts": "/contacts",
    "segments": "/segments",
    "segment": "/segments/$segmentId",
    "rule": "/segments/$segmentId/edit",
    "import": "/transfers/import",
    "workflow": "/workflows/$workflowId",
}
"""The pictures of docs/console.md. Other tests change what they show, so they are not compared."""


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_pictures_of_the_documentation(page: Page, muster: Muster, pytestconfig: pytest.Config, name: str) -> None:
    if not pytestconfig.getoption("--new-pictures"):
        pytest.skip("taken with --new-pictures")
    pending = "{ viewer { workspace { freshness { pendingContacts } } } }"
    until(lambda: muster.ask(pending)["viewer"]["workspace"]["freshness"]["pendingContacts"] == 0, 120)
    page.goto(address(of_the_demo(muster), DOCUMENTED[name]))
    settle(page)
    publish(take(page, moments=True), name)


def test_a_picture_is_compared_pixel_by_pixel() -> None:
    one = Image.new("RGB", (100, 50), "white")
    other = one.copy()
    assert different_share(one, other)[0] == 0
    other.paste("black", (10, 10, 20, 20))
    assert different_share(one, other)[0] == pytest.approx(100 / 5000)
    assert different_share(one, Image.new("RGB", (100, 51), "white"))[0] == 1
