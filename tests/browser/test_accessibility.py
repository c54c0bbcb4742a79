"""axe finds nothing on any screen, in either theme."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.addresses import address, paths
from tests.browser.axe import violations
from tests.browser.conftest import OpenPage
from tests.browser.people import Muster

THEMES = ("light", "dark")


@pytest.mark.parametrize("theme", THEMES)
def test_the_page_for_nobody_can_be_used_by_all(open_page: OpenPage, theme: str) -> None:
    page = open_page(color_scheme=theme)
    page.goto("/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.locator("html").get_attribute("data-mantine-color-scheme") == theme
    assert violations(page) == []
    page.evaluate("document.body.append(document.createElement('button'))")
    assert [one.split(":")[0] for one in violations(page)] == ["button-name"]  # axe sees what is wrong


@pytest.mark.parametrize("theme", THEMES)
def test_every_screen_can_be_used_by_all(open_page: OpenPage, muster: Muster, theme: str) -> None:
    page = open_page(muster.admin, color_scheme=theme)
    found: dict[str, list[str]] = {}
    for path in paths():
        opened = address(muster, path)
        if opened is not None:
            page.goto(opened)
            settle(page)
            found[path] = violations(page)
    assert "/" in found
    assert {path: problems for path, problems in found.items() if problems} == {}


def settle(page: Page) -> None:
    """Wait for the screen itself: what it loads late, and what it asks the API first."""
    expect(page.get_by_role("navigation").first).to_be_visible()
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.wait_for_load_state("networkidle")
