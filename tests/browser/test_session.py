"""Signing in and out, sessions that end, and members without permissions."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import Muster, Person


def fill_in(page: Page, person: Person, password: str | None = None) -> None:
    page.get_by_label("E-mail").fill(person.email)
    page.get_by_label("Password", exact=True).fill(password or person.password)
    page.get_by_role("button", name="Sign in").click()


def test_a_member_signs_in_and_stays_signed_in(visitor: Page, muster: Muster) -> None:
    visitor.goto("/contacts")
    fill_in(visitor, muster.admin)
    expect(visitor.get_by_role("navigation")).to_be_visible()
    expect(visitor).to_have_url(re.compile("/contacts$"))
    visitor.reload()
    expect(visitor.get_by_role("navigation")).to_be_visible()


def test_no_script_can_read_who_is_signed_in(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("navigation")).to_be_visible()
    kept = page.evaluate("JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])")
    assert "muster_session" not in kept
    assert "eyJ" not in kept
    assert "muster_session" in [cookie["name"] for cookie in page.context.cookies() if cookie["httpOnly"]]


def test_a_wrong_password_is_told_in_words(visitor: Page, muster: Muster) -> None:
    visitor.goto("/")
    fill_in(visitor, muster.admin, "not the password")
    expect(visitor.get_by_role("alert")).to_contain_text("password")
    expect(visitor.get_by_role("navigation")).to_have_count(0)


def test_signing_out_forgets_everything(visitor: Page, muster: Muster) -> None:
    visitor.goto("/contacts")
    fill_in(visitor, muster.admin)
    visitor.get_by_role("button", name="Account").click()
    visitor.get_by_role("menuitem", name="Sign out").click()
    expect(visitor.get_by_role("button", name="Sign in")).to_be_visible()
    visitor.go_back()
    visitor.goto("/contacts")
    expect(visitor.get_by_role("button", name="Sign in")).to_be_visible()
    expect(visitor.get_by_role("table")).to_have_count(0)


def test_a_session_that_ended_is_told_kindly(visitor: Page, muster: Muster) -> None:
    # This screen asks for nothing by itself: it is the click that finds that the session ended.
    visitor.goto("/settings/password")
    fill_in(visitor, muster.admin)
    expect(visitor.get_by_label("New password once more")).to_be_visible()
    visitor.context.clear_cookies()  # as a browser does when their time is over
    visitor.get_by_role("link", name="Contacts").click()
    expect(visitor.get_by_role("status").filter(has_text="session")).to_be_visible()
    fill_in(visitor, muster.admin)
    expect(visitor).to_have_url(re.compile("/contacts$"))
    expect(visitor.get_by_role("navigation")).to_be_visible()


def test_who_may_nothing_is_offered_nothing_that_is_refused(open_page: OpenPage, muster: Muster) -> None:
    page = open_page(muster.stranger)
    page.goto("/")
    expect(page.get_by_role("navigation")).to_be_visible()
    for area in ("Contacts", "Segments", "Broadcasts"):
        expect(page.get_by_role("link", name=area)).to_have_count(0)
