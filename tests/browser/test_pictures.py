"""Screens that look as they did, and the comparison itself."""

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.addresses import Samples, address
from tests.browser.conftest import LooksLike, OpenPage
from tests.browser.pictures import different_share, publish, take
from tests.browser.test_accessibility import settle


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_page_for_nobody(open_page: OpenPage, looks_like: LooksLike, theme: str) -> None:
    page = open_page(color_scheme=theme)
    page.goto("/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    looks_like(page, f"sign-in-{theme}")


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
def test_the_pictures_of_the_documentation(
    page: Page, samples: Samples, pytestconfig: pytest.Config, name: str
) -> None:
    if not pytestconfig.getoption("--new-pictures"):
        pytest.skip("taken with --new-pictures")
    page.goto(address(samples, DOCUMENTED[name]))
    settle(page)
    publish(take(page, hide_moments=False), name)


def test_a_picture_is_compared_pixel_by_pixel() -> None:
    one = Image.new("RGB", (100, 50), "white")
    other = one.copy()
    assert different_share(one, other)[0] == 0
    other.paste("black", (10, 10, 20, 20))
    assert different_share(one, other)[0] == pytest.approx(100 / 5000)
    assert different_share(one, Image.new("RGB", (100, 51), "white"))[0] == 1
