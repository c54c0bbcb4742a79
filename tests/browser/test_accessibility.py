"""axe finds nothing on any screen, in either theme."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.addresses import Samples, address, paths
from tests.browser.axe import violations
from tests.browser.conftest import LooksLike, OpenPage

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


MOVING = "code, pre, kbd, .cm-editor, [role=progressbar], [data-moving]"
"""What another machine draws otherwise, or another moment."""

OF_THE_DAY = (
    "/",
    "/broadcasts/$broadcastId",
    "/broadcasts/$broadcastId/edit",
    "/contacts/$contactId",
    "/contacts/duplicates",
    "/destinations/audiences/$audience",
    "/destinations/webhooks",
    "/destinations/webhooks/$endpoint",
    "/scores",
    "/scores/$scoreModelId",
    "/scores/$scoreModelId/edit",
    "/segments",
    "/segments/$segmentId",
    "/segments/$segmentId/edit",
    "/settings/audit",
    "/transfers/$job",
    "/workflows",
    "/workflows/$workflowId",
)
"""These show what is counted today, or what is just being done: there is no picture of them that stays right."""


@pytest.mark.parametrize("path", paths())
def test_every_screen_can_be_used_by_all_and_looks_as_it_did(
    page: Page, samples: Samples, looks_like: LooksLike, path: str
) -> None:
    page.goto(address(samples, path))
    settle(page)
    found = {}
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        expect(page.locator(f"html[data-mantine-color-scheme={theme}]")).to_be_attached()
        page.evaluate(COLOURS_STAND_STILL)
        found[theme] = violations(page)
        if path not in OF_THE_DAY:
            looks_like(page, f"{name_of(path)}-{theme}", mask=[page.locator(MOVING)])
    assert found == {theme: [] for theme in THEMES}


def name_of(path: str) -> str:
    """The name of a route's pictures: `/contacts/$contactId` is `contacts-contact`."""
    return re.sub(r"(Id)?$", "", re.sub(r"\W+", "-", re.sub(r"\$(\w+?)(Id)?\b", r"\1", path)).strip("-")) or "home"


def settle(page: Page) -> None:
    """Wait for the screen itself: what it loads late, and what it asks the API first."""
    expect(page.get_by_role("navigation").first).to_be_visible()
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.wait_for_load_state("networkidle")
