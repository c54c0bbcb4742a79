"""What is cut where there is no room can be read by touch, by the keyboard and by pointing at it."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import OpenPage
from tests.browser.people import Muster

NAME = "Somebody with a name that no column of any list has room for, however wide the page of it may be"
EMAIL = "an.address.that.is.much.longer.than.the.column.that.it.stands.in@example.com"
TAGS = ["cut-1-of-autumn", "cut-2-of-winter", "cut-3-of-spring", "cut-4-of-summer"]

CREATE = """
    mutation ($input: ContactInput!) { contactCreate(input: $input) { contact { id } userErrors { message } } }
"""


@pytest.fixture(scope="module", autouse=True)
def somebody(muster: Muster) -> None:
    muster.once(
        "cut", lambda: muster.do(CREATE, input={"name": NAME, "email": EMAIL, "phone": "+34600123123", "tags": TAGS})
    )


def opened(page: Page) -> Locator:
    """The list of the one contact, which is whole."""
    page.goto("/contacts?search=an.address.that")
    expect(page.locator("main [data-id]")).to_have_count(1)
    return page.locator("main [data-id]")


def test_a_cut_cell_is_shown_whole_to_who_touches_it(open_page: OpenPage, muster: Muster) -> None:
    page = open_page(muster.admin, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    row = opened(page)
    whole = page.get_by_role("tooltip")
    row.get_by_text(EMAIL).tap()
    expect(whole).to_have_text(EMAIL)
    assert violations(page) == []
    row.get_by_text(EMAIL).tap()
    expect(whole).to_be_hidden()


def test_tags_that_are_only_counted_are_named_to_who_touches_them(open_page: OpenPage, muster: Muster) -> None:
    page = open_page(muster.admin, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True)
    opened(page).get_by_text("+1").tap()
    expect(page.get_by_role("tooltip")).to_have_text(", ".join(TAGS))


def test_a_cut_cell_is_a_stop_of_the_tab_key_and_one_with_room_is_not(open_page: OpenPage, muster: Muster) -> None:
    page = open_page(muster.admin)
    row = opened(page)
    whole = page.get_by_role("tooltip")
    row.get_by_role("checkbox").focus()
    page.keyboard.press("Tab")
    expect(row.get_by_role("link", name=NAME)).to_be_focused()
    expect(whole).to_have_text(NAME)
    page.keyboard.press("Tab")
    expect(row.get_by_role("cell", name=EMAIL)).to_be_focused()
    expect(whole).to_have_text(EMAIL)
    page.keyboard.press("Escape")
    expect(whole).to_be_hidden()
    expect(row.get_by_role("cell", name=EMAIL)).to_be_focused()
    page.keyboard.press("Tab")
    expect(whole).to_have_text(", ".join(TAGS))
    page.keyboard.press("Shift+Tab")
    expect(whole).to_have_text(EMAIL)
    expect(row.get_by_role("cell", name="+34600123123")).not_to_have_attribute("tabindex", "0")
    assert violations(page) == []


def test_a_cut_cell_is_shown_whole_to_who_points_at_it(open_page: OpenPage, muster: Muster) -> None:
    page = open_page(muster.admin)
    row = opened(page)
    whole = page.get_by_role("tooltip")
    row.get_by_role("cell", name=EMAIL).hover()
    expect(whole).to_have_text(EMAIL)
    whole.hover()  # it stays for who goes to it
    expect(whole).to_be_visible()
    page.get_by_role("heading", level=1).hover()
    expect(whole).to_be_hidden()
