"""Nothing moves while a screen comes, in a browser whose scroll bars take room, as it is without a touch screen."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, Page, expect

from tests.browser.addresses import address, paths
from tests.browser.conftest import BROWSER, MOST_MS, signed_in
from tests.browser.gallery import CURATOR, samples_of
from tests.browser.people import Muster
from tests.browser.test_accessibility import AWAITED

MOVED = """
    window.moved = [];
    const rect = ({ x, y, width, height }) => [x, y, width, height].map((each) => Math.round(each * 100) / 100).join(" ");
    const name = (node) => `${node?.nodeName} ${node?.className ?? ""} ${(node?.textContent ?? "").slice(0, 40)}`;
    new PerformanceObserver((list) => {
        for (const { value, hadRecentInput, sources } of list.getEntries()) {
            if (hadRecentInput) continue;
            moved.push(`${value}: ` + sources.map(({ node, previousRect, currentRect }) =>
                `${name(node)}: ${rect(previousRect)} -> ${rect(currentRect)}`).join("; "));
        }
    }).observe({ type: "layout-shift", buffered: true });
"""
"""Notes what moved, from where to where: x, y, width and height."""

PAINTED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@pytest.fixture(scope="module")
def with_scroll_bars(browser_type: BrowserType, browser_type_launch_args: dict[str, Any]) -> Iterator[Browser]:
    """Playwright hides them in the browser of the other tests."""
    browser = browser_type.launch(**browser_type_launch_args, ignore_default_args=["--hide-scrollbars"])
    yield browser
    browser.close()


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.timeout(300)  # some 40 screens
def test_nothing_moves_in_the_first_view_of_any_screen(with_scroll_bars: Browser, muster: Muster, width: int) -> None:
    samples = samples_of(muster)
    context = with_scroll_bars.new_context(
        **BROWSER | {"base_url": muster.url, "viewport": {"width": width, "height": 740}}
    )
    context.set_default_timeout(MOST_MS)
    context.add_init_script(MOVED)
    signed_in(context, muster, CURATOR)
    page = context.new_page()
    moved = {path: found for path in paths() if (found := moved_at(page, address(samples, path)))}
    context.close()
    assert moved == {}, json.dumps(moved, indent=2)


def moved_at(page: Page, path: str) -> list[str]:
    """What moves until the screen at a path is whole."""
    page.goto(path, wait_until="commit")
    expect(page.get_by_role("heading", level=1).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.locator(AWAITED)).to_have_count(0)
    page.evaluate(PAINTED)
    found: list[str] = page.evaluate("window.moved")
    return found
