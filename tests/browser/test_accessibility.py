"""axe finds nothing on any screen, in either theme, and each looks as it did."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.addresses import Samples, address, paths
from tests.browser.axe import violations
from tests.browser.conftest import BROWSER, MOST_MS, LooksLike, OpenPage, signed_in
from tests.browser.gallery import CURATOR, samples_of
from tests.browser.people import Muster
from tests.browser.problems import Problems

THEMES = ("light", "dark")

COLOURS_STAND_STILL = """
    () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
        .then(() => Promise.allSettled(document.getAnimations().map((one) => one.finished)))
"""

MOVING = "code, pre, kbd, .cm-editor, [role=progressbar], input[readonly]:not([aria-haspopup]), p:text('· took ')"
"""What another machine draws otherwise: other letters, the port in an address, how long something took."""

AWAITED = "[data-awaited], main .mantine-Skeleton-root, table[aria-busy=true]"
"""What stands where something will be."""

QUERIES = {"/settings/audit": "?action=SegmentCreate", "/destinations/webhooks/$endpoint": "?log=succeeded"}
"""What is left out depends on the moment: who signed in, and whether a paused endpoint was tried before."""


@pytest.mark.parametrize("theme", THEMES)
def test_the_page_for_nobody_can_be_used_by_all_and_looks_as_it_did(
    open_page: OpenPage, looks_like: LooksLike, theme: str
) -> None:
    page = open_page(color_scheme=theme)
    page.goto("/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert page.locator("html").get_attribute("data-mantine-color-scheme") == theme
    looks_like(page, f"sign-in-{theme}")
    assert violations(page) == []
    page.evaluate("document.body.append(document.createElement('button'))")
    assert [one.split(":")[0] for one in violations(page)] == ["button-name"]  # axe sees what is wrong


@pytest.fixture(scope="module")
def samples(muster: Muster) -> Samples:
    return samples_of(muster)


@pytest.fixture(scope="module")
def watched() -> Problems:
    return Problems()


@pytest.fixture(scope="module")
def gallery(
    browser: Browser, browser_context_args: dict[str, object], muster: Muster, samples: Samples, watched: Problems
) -> Iterator[Page]:
    """One page for all screens: what they share is loaded once."""
    context = browser.new_context(**browser_context_args | BROWSER)  # type: ignore[arg-type]
    context.set_default_timeout(MOST_MS)
    watched.watch(context)
    signed_in(context, muster, CURATOR)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("path", paths())
def test_every_screen_can_be_used_by_all_and_looks_as_it_did(
    gallery: Page, watched: Problems, samples: Samples, looks_like: LooksLike, path: str
) -> None:
    watched.found.clear()
    gallery.goto(address(samples, path) + QUERIES.get(path, ""))
    settle(gallery)
    found = {}
    for theme in THEMES:
        gallery.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        expect(gallery.locator(f"html[data-mantine-color-scheme={theme}]")).to_be_attached()
        gallery.evaluate(COLOURS_STAND_STILL)
        looks_like(gallery, f"{name_of(path)}-{theme}", mask=[gallery.locator(MOVING)])
        found[theme] = violations(gallery)
    assert found == {theme: [] for theme in THEMES}
    assert watched.unexpected == []


def name_of(path: str) -> str:
    """The name of a route's pictures: `/contacts/$contactId` is `contacts-contact`."""
    return re.sub(r"(Id)?$", "", re.sub(r"\W+", "-", re.sub(r"\$(\w+?)(Id)?\b", r"\1", path)).strip("-")) or "home"


def settle(page: Page) -> None:
    """Wait for the screen itself: what it loads late, and what it asks the API first."""
    expect(page.get_by_role("navigation").first).to_be_visible()
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.locator(AWAITED)).to_have_count(0)
