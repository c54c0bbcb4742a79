"""The main act of each screen by the keyboard alone. Rules and broadcasts have theirs in the files of their screens."""

import re

from playwright.sync_api import Page, expect

from tests.browser.keys import press, tab_to
from tests.browser.people import Muster
from tests.browser.test_contacts import create
from tests.browser.test_segments import created


def test_contacts_are_tagged_and_exported(page: Page, muster: Muster) -> None:
    for number in range(2):
        create(muster, name=f"Keyed Person {number}", email=f"keyed.{number}@own.example")
    page.goto("/contacts")
    search = page.get_by_role("searchbox", name="Search by name")
    expect(search).to_be_visible()
    tab_to(page, search)
    page.keyboard.type("Keyed Person")
    expect(page.get_by_role("row")).to_have_count(3)
    tab_to(page, page.get_by_role("checkbox", name="Select all rows"))
    page.keyboard.press("Space")
    selected = page.get_by_role("region", name="Selected contacts")
    expect(selected).to_contain_text("2 contacts selected")
    press(page, selected.get_by_role("button", name="Tag", exact=True), "Shift+Tab")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Tags")).to_be_focused()
    page.keyboard.type("by keys")
    page.keyboard.press("Enter")
    press(page, dialog.get_by_role("button", name="Tag", exact=True))
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("by keys", exact=True)).to_have_count(2)

    press(page, page.get_by_role("button", name="Export", exact=True), "Shift+Tab")
    tab_to(page, dialog.get_by_role("radio", name="All fields"))
    page.keyboard.press("ArrowDown")
    expect(dialog.get_by_role("radio", name="The columns of the list")).to_be_checked()
    press(page, dialog.get_by_role("button", name="Export"))
    expect(page.get_by_text("The export is ready")).to_be_visible()
    link = page.get_by_role("link", name="Download the file")
    tab_to(page, link)
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert len(download.value.path().read_text(encoding="utf-8-sig").splitlines()) == 3


def test_rows_are_imported(page: Page, muster: Muster) -> None:
    page.goto("/transfers")
    press(page, page.get_by_role("main").get_by_role("link", name=re.compile("^Import|import$")))
    press(page, page.get_by_role("button", name="Or paste rows"))
    rows = page.get_by_label("Rows, with the names of the columns in the first one")
    tab_to(page, rows)
    page.keyboard.insert_text("email,name\npasted@keys.example,Paula Pasted\n")
    press(page, page.get_by_role("button", name="Use these rows"))
    expect(page.get_by_role("combobox", name="Field for email")).to_have_value("E-mail")
    press(page, page.get_by_role("button", name="Next"))
    press(page, page.get_by_role("button", name="Check the file"))
    expect(page.get_by_text("These are the numbers")).to_be_visible()
    press(page, page.get_by_role("button", name="Import 1 row"))
    expect(page.get_by_role("status").filter(has_text="Done")).to_be_visible()
    found = muster.ask('{ contacts(search: "pasted@keys.example") { nodes { name } } }')["contacts"]["nodes"]
    assert found == [{"name": "Paula Pasted"}]


def test_a_segment_is_changed_and_saved(page: Page, muster: Muster) -> None:
    made = created(muster, "Changed by keys", "city = 'Lyon'")
    page.goto(f"/segments/{made}")
    expect(page.get_by_role("tab", selected=True)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    press(page, page.get_by_role("link", name="Edit", exact=False).first)
    value = page.get_by_role("combobox", name="City: Value")
    expect(value).to_be_visible()
    tab_to(page, value)
    page.keyboard.press("Control+A")
    page.keyboard.type("Paris")
    page.keyboard.press("Escape")
    press(page, page.get_by_role("button", name="Save", exact=True))
    expect(page).to_have_url(re.compile(f"/segments/{made}$"))
    rule = muster.ask("query ($id: ID!) { segment(id: $id) { ruleQuery } }", id=made)["segment"]["ruleQuery"]
    assert rule == "city = 'Paris'"


def test_a_workflow_is_drawn_and_published(page: Page) -> None:
    page.goto("/workflows")
    press(page, page.get_by_role("button", name="New workflow"))
    name = page.get_by_role("textbox", name="Name", exact=True)
    expect(name).to_be_visible()
    tab_to(page, name)
    page.keyboard.type("Drawn by keys")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Draft of Drawn by keys")).to_be_visible()
    press(page, page.get_by_role("button", name="Add a node before the first"))
    tab_to(page, page.get_by_role("menuitem", name=re.compile("^Change tags")), "ArrowDown")
    page.keyboard.press("Enter")
    tags = page.get_by_role("combobox", name="Add tags")
    expect(tags).to_be_visible()
    tab_to(page, tags)
    page.keyboard.type("keyed")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main").get_by_text("All is saved")).to_be_visible()
    press(page, page.get_by_role("button", name="Publish …"), "Shift+Tab")
    dialog = page.get_by_role("dialog")
    press(page, dialog.get_by_role("button", name="Publish"))
    expect(page.get_by_role("link", name="Done")).to_be_visible()
    press(page, page.get_by_role("link", name="Done"))
    expect(page.get_by_role("heading", level=1, name="Drawn by keys")).to_be_visible()


def test_a_member_is_invited_and_removed(page: Page) -> None:
    page.goto("/settings/members")
    press(page, page.get_by_role("button", name="Add a member"))
    dialog = page.get_by_role("dialog")
    email = dialog.get_by_label("E-mail")
    expect(email).to_be_visible()
    tab_to(page, email)
    page.keyboard.type("keyed@demo.example")
    tab_to(page, dialog.get_by_label("Name"), "Shift+Tab")
    page.keyboard.type("Kim Keys")
    press(page, dialog.get_by_role("button", name="Add and make the link"))
    expect(page.get_by_label("Link", exact=True)).to_have_value(re.compile("/password/"))
    page.keyboard.press("Escape")
    press(page, page.get_by_role("button", name="Remove Kim Keys"))
    press(page, page.get_by_role("dialog").get_by_role("button", name="Remove the member"))
    expect(page.get_by_role("row", name="keyed@demo.example")).to_have_count(0)
