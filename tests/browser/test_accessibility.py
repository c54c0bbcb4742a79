"""axe finds nothing on any screen, in either theme."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.addresses import address, paths
from tests.browser.axe import violations
from tests.browser.conftest import OpenPage
from tests.browser.people import Muster

THEMES = ("light", "dark")

COLOURS_STAND_STILL = """
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
        .then(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)))
"""


@pytest.mark.parametrize("theme", THEMES)
def test_the_page_for_nobody_can_be_used_by_all(open_page: OpenPage, theme: str) -> None:
    page = open_page(color_scheme=theme)
    page.goto("/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.locator("html").get_attribute("data-mantine-color-scheme") == theme
    assert violations(page) == []
    page.evaluate("document.body.append(document.createElement('button'))")
    assert [one.split(":")[0] for one in violations(page)] == ["button-name"]  # axe sees what is wrong


@pytest.mark.parametrize("path", paths())
def test_every_screen_can_be_used_by_all(page: Page, muster: Muster, path: str) -> None:
    opened = address(muster, path)
    if opened is None:
        pytest.skip("the demo workspace has nothing to show there")
    page.goto(opened)
    settle(page)
    found = {}
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        expect(page.locator(f"html[data-mantine-color-scheme={theme}]")).to_be_attached()
        page.evaluate(COLOURS_STAND_STILL)
        found[theme] = violations(page)
    assert found == {theme: [] for theme in THEMES}


def settle(page: Page) -> None:
    """Wait for the screen itself: what it loads late, and what it asks the API first."""
    expect(page.get_by_role("navigation").first).to_be_visible()
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.wait_for_load_state("networkidle")
