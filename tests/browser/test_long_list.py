"""A list of 100,000 contacts: each place of it is reached at once, and each row is the right one."""

import re
import time
from typing import Final

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import Muster

SCROLL_TO: Final = "(region, share) => { region.scrollTop = share * (region.scrollHeight - region.clientHeight); }"
"""As a drag of the scroll bar does."""

SOON_SECONDS: Final = 10
"""On a busy machine; a quiet one needs a second."""

NUMBERS: Final = """
    region => [...region.querySelectorAll("tr[data-id]")].map((row) => [
        Number(row.getAttribute("aria-rowindex")), Number(/Guest (\\d+)/.exec(row.textContent)[1])
    ])
"""

COUNT_SHIFTS: Final = """
    window.shifted = 0;
    new PerformanceObserver((list) => list.getEntries().forEach((shift) => { window.shifted += shift.value; }))
        .observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture
def long_list(open_page: OpenPage, muster: Muster) -> Page:
    page = open_page(muster.host)
    page.goto("/contacts")
    expect(page.get_by_text("100,000 contacts")).to_be_visible()
    return page


def check_rows(page: Page) -> None:
    """The newest one is row 2, after the header, and Guest 1 is row 100,001."""
    region = page.get_by_role("region", name="Contacts")
    expect(region.locator("tr[data-id]").first).to_be_attached()
    rows = region.evaluate(NUMBERS)
    assert rows
    assert [guest for _, guest in rows] == [100_002 - row for row, _ in rows]


def test_the_last_of_a_hundred_thousand_is_seen_at_once_by_scroll_bar_and_by_key(long_list: Page) -> None:
    region = long_list.get_by_role("region", name="Contacts")
    requests: list[str] = []
    long_list.on("request", lambda request: requests.append(request.url) if request.method == "POST" else None)
    began = time.monotonic()
    region.evaluate(SCROLL_TO, 1)
    expect(long_list.get_by_role("link", name="Guest 1", exact=True)).to_be_in_viewport()
    assert time.monotonic() - began < SOON_SECONDS
    assert len(requests) <= 3  # not the pages between
    check_rows(long_list)

    region.focus()
    long_list.keyboard.press("Home")
    expect(long_list.get_by_role("link", name="Guest 100000", exact=True)).to_be_in_viewport()
    long_list.keyboard.press("End")
    expect(long_list.get_by_role("link", name="Guest 1", exact=True)).to_be_in_viewport()


def test_wherever_one_looks_are_the_rows_of_that_place(long_list: Page) -> None:
    region = long_list.get_by_role("region", name="Contacts")
    for share in (0.5, 0.25, 0.2501, 0.9, 0.0):
        region.evaluate(SCROLL_TO, share)
        expect(region.locator("table")).to_have_attribute("aria-busy", "false")
        check_rows(long_list)
    region.hover()
    for _ in range(30):
        long_list.mouse.wheel(0, 300)
    expect(region.locator("table")).to_have_attribute("aria-busy", "false")
    check_rows(long_list)


def test_another_order_begins_at_its_top(long_list: Page) -> None:
    region = long_list.get_by_role("region", name="Contacts")
    region.evaluate(SCROLL_TO, 0.7)
    expect(region.locator("table")).to_have_attribute("aria-busy", "false")
    long_list.get_by_role("combobox", name="Order").click()
    long_list.get_by_role("option", name="Oldest first").click()
    expect(long_list).to_have_url(re.compile("order=CREATED_AT_ASC"))
    expect(long_list.get_by_role("link", name="Guest 1", exact=True)).to_be_in_viewport()
    region.evaluate(SCROLL_TO, 1)
    expect(long_list.get_by_role("link", name="Guest 100000", exact=True)).to_be_in_viewport()


def test_the_rows_come_where_their_place_was_kept_and_nothing_shifts(open_page: OpenPage, muster: Muster) -> None:
    page = open_page(muster.host)
    page.add_init_script(COUNT_SHIFTS)
    held: list[Route] = []

    def hold_rows(route: Route) -> None:
        if "contactListQuery" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/graphql", hold_rows)
    page.goto("/contacts")
    region = page.get_by_role("region", name="Contacts")
    expect(region.locator("table")).to_have_attribute("aria-busy", "true")
    kept = region.bounding_box()
    assert kept is not None
    assert kept["height"] > 300
    for route in held:
        route.continue_()
    expect(region.get_by_role("link", name="Guest 100000", exact=True)).to_be_visible()
    expect(region.locator("table")).to_have_attribute("aria-busy", "false")
    assert region.bounding_box() == kept
    assert page.evaluate("window.shifted") == 0
