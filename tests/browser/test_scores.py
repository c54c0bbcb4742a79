"""Scores are defined in the console, beside who would have which value."""

from typing import Final

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import Muster

CREATE: Final = """
    mutation ($input: ScoreModelInput!) { scoreModelCreate(input: $input) { scoreModel { id } userErrors { message } } }
"""


def has_email(key: str, name: str) -> dict[str, object]:
    held = {"while": {"field": {"field": "email", "operator": "IS_SET"}}}
    parts = [{"label": "Has an e-mail", "points": 10, "earn": held}]
    levels = [{"name": "COLD", "from": 0}, {"name": "WARM", "from": 10}]
    return {"key": key, "name": name, "groups": [{"name": "Facts", "parts": parts}], "levels": levels}


def test_a_score_is_defined_while_its_preview_counts(page: Page) -> None:
    page.goto("/scores/new")
    page.get_by_role("textbox", name="Name", exact=True).fill("Warm leads")
    expect(page.get_by_role("textbox", name="Key")).to_have_value("warm_leads")
    create = page.get_by_role("button", name="Create the score")
    expect(create).to_be_disabled()
    page.get_by_role("textbox", name="Name of the group").fill("Behaviour")
    page.get_by_role("textbox", name="What it is", exact=True).fill("Purchases")
    page.get_by_label("Purchases: Points").fill("5")
    kind = page.get_by_label("Purchases: Kind of activity")
    kind.fill("purchase")
    kind.press("Escape")
    page.get_by_label("Purchases: Only the newest").fill("3")
    expect(page.get_by_role("table", name="Highest values").get_by_role("row").nth(1)).to_contain_text("15")
    page.get_by_label("Purchases: Points").fill("7")
    expect(page.get_by_role("table", name="Highest values").get_by_role("row").nth(1)).to_contain_text("21")
    page.get_by_role("button", name="Add a level").click()
    page.get_by_role("textbox", name="Level").fill("HOT")
    page.get_by_label("HOT: From").fill("14")
    create.click()
    expect(page.get_by_role("heading", name="Warm leads")).to_be_visible()
    expect(page.get_by_role("status").filter(has_text="Up to date")).to_be_visible()
    expect(page.get_by_role("table", name="Levels")).to_contain_text("below HOT")


def test_an_edit_that_comes_second_is_told_and_can_win(page: Page, open_page: OpenPage, muster: Muster) -> None:
    made = muster.do(CREATE, input=has_email("edited_twice", "Edited twice"))["scoreModel"]["id"]
    other = open_page(muster.admin)
    for each in (page, other):
        each.goto(f"/scores/{made}/edit")
        expect(each.get_by_label("Has an e-mail: Points")).to_have_value("10")
    page.get_by_label("Has an e-mail: Points").fill("20")
    page.get_by_role("button", name="Save the score").click()
    expect(page.get_by_role("heading", name="Edited twice", exact=True)).to_be_visible()
    other.get_by_label("Has an e-mail: Points").fill("30")
    other.get_by_role("button", name="Save the score").click()
    expect(other.get_by_role("alert").filter(has_text="Somebody else has changed this score")).to_be_visible()
    other.get_by_role("button", name="Save mine all the same").click()
    expect(other.get_by_text("+30 while email is set")).to_be_visible()


def test_a_score_is_deleted_after_it_says_for_how_many(page: Page, muster: Muster) -> None:
    made = muster.do(CREATE, input=has_email("to_delete", "To delete"))["scoreModel"]["id"]
    page.goto("/scores")
    expect(page.get_by_role("listitem").filter(has_text="To delete")).to_contain_text("WARM")
    page.get_by_role("link", name="To delete").click()
    page.get_by_role("button", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text("lose it, with its history")
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Scores")).to_be_visible()
    assert muster.ask("query ($id: ID) { scoreModel(id: $id) { id } }", id=made)["scoreModel"] is None
