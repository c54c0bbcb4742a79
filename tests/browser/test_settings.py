"""Members who are invited, tokens that are shown once, fields, tags and the audit log."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import PASSWORD, Muster


def test_an_invited_member_sets_a_password_and_is_in(page: Page, open_page: OpenPage) -> None:
    page.goto("/settings/members?open=new")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("E-mail").fill("ines@demo.example")
    dialog.get_by_label("Name").fill("Inés")
    dialog.get_by_role("button", name="Add and make the link").click()
    link = page.get_by_label("Link", exact=True).input_value()

    invited = open_page()
    invited.goto(re.sub("^https?://[^/]+", "", link))
    invited.get_by_label("New password", exact=True).fill(PASSWORD)
    invited.get_by_label("New password once more").fill(PASSWORD + "x")
    invited.get_by_role("button", name="Set the password and sign in").click()
    expect(invited.get_by_text("The two are not the same.")).to_be_visible()
    invited.get_by_label("New password once more").fill(PASSWORD)
    invited.get_by_role("button", name="Set the password and sign in").click()
    expect(invited.get_by_role("link", name="Contacts")).to_be_visible()
    expect(invited.get_by_role("link", name="Broadcasts")).to_have_count(0)

    page.get_by_role("button", name="Remove Inés").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove the member").click()
    expect(page.get_by_role("row", name="ines@demo.example")).to_have_count(0)


def test_a_token_is_shown_once_and_revoked(page: Page, muster: Muster) -> None:
    page.goto("/settings/tokens")
    page.get_by_role("button", name="New token").click()
    page.get_by_role("dialog").get_by_label("What it is for").fill("Shop")
    page.get_by_role("button", name="Make the token").click()
    token = page.get_by_label("Token", exact=True).input_value()
    assert "errors" not in muster.run.ask("{ contactFields { key } }", token)
    page.reload()
    expect(page.get_by_role("row", name="Shop")).to_contain_text("Active")
    expect(page.get_by_label("Token", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Revoke Shop").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("row", name="Shop")).to_contain_text("Revoked")
    assert muster.run.ask("{ contactFields { key } }", token)["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_a_field_in_use_is_told_and_the_audit_log_knows_who_added_one(page: Page) -> None:
    page.goto("/settings/fields?open=new")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Label").fill("Última tienda")
    expect(dialog.get_by_label("Key")).to_have_value("ultima_tienda")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="ultima_tienda")).to_be_visible()
    page.get_by_role("button", name="Delete Última tienda").click()
    expect(page.get_by_role("dialog")).to_contain_text("No contact has a value in it.")
    page.get_by_role("dialog").get_by_role("button", name="Delete the field").click()
    expect(page.get_by_role("row", name="ultima_tienda")).to_have_count(0)
    page.goto("/settings/audit?action=ContactFieldCreate")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Custom field: created")
    expect(page.get_by_role("row").nth(1)).to_contain_text("Demo Admin")
    page.get_by_role("row").nth(1).get_by_role("button").click()
    expect(page.get_by_role("dialog")).to_contain_text("ultima_tienda")


def test_renaming_a_tag_says_how_many_have_it(page: Page) -> None:
    page.goto("/settings/tags?search=ambassador")
    page.get_by_role("button", name="Rename ambassador").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(re.compile(r"[1-9]\d* contacts and all rules get the new name"))
    dialog.get_by_label("New name").fill("newsletter")
    expect(dialog).to_contain_text("the two are merged")
