"""Contacts: the list with its filters and what is done with many, one contact's page, and duplicates."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.live import follows, not_following_yet
from tests.browser.people import Muster
from tests.browser.test_broadcasts import a_draft

CREATE = """
    mutation ($input: ContactInput!) { contactCreate(input: $input) { contact { id } userErrors { message } } }
"""
UPDATE = """
    mutation ($id: ID!, $input: ContactInput!) {
        contactUpdate(id: $id, input: $input) { contact { id } userErrors { message } }
    }
"""
RECORD = """
    mutation ($input: [ActivityInput!]!) { activitiesRecord(input: $input) { recorded userErrors { message } } }
"""


def create(muster: Muster, **values: Any) -> str:
    return str(muster.do(CREATE, input=values)["contact"]["id"])


@pytest.fixture
def ana(muster: Muster, request: pytest.FixtureRequest) -> str:
    """A contact of the test's own."""
    number = abs(hash(request.node.name)) % 10**8
    return create(muster, name="Ana Torres", email=f"ana.{number}@own.example", tags=["own"])


def field(page: Page, label: str) -> Locator:
    return page.get_by_role("button", name=f"Edit {label}:")


def test_the_filters_are_in_the_address_and_a_link_shows_the_same(
    page: Page, open_page: OpenPage, muster: Muster
) -> None:
    page.goto("/contacts")
    page.get_by_label("Filter by a rule").fill("city = 'Lyon' and tagged 'regular'")
    expect(page.get_by_text("contacts found")).to_be_visible()
    page.get_by_label("Search by name").fill("a")
    page.get_by_role("combobox", name="Order").click()
    page.get_by_role("option", name="Name, A to Z").click()
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("City").check()
    page.keyboard.press("Escape")
    expect(page.get_by_role("columnheader", name="City")).to_be_visible()
    expect(page).to_have_url(re.compile("rule=.*order=NAME_ASC.*columns="))
    first = page.get_by_role("row").nth(1)
    expect(first).to_contain_text("Lyon")
    name = first.get_by_role("link").inner_text()

    other = open_page(muster.admin)
    other.goto(page.url)
    expect(other.get_by_role("row").nth(1).get_by_role("link")).to_have_text(name)


def test_a_rule_that_cannot_be_read_is_told_beside_its_field_and_filters_nothing(page: Page) -> None:
    page.goto("/contacts")
    rule = page.get_by_label("Filter by a rule")
    rule.fill("city == 'Lyon'")
    expect(page.get_by_text("Write: =")).to_be_visible()
    expect(rule).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("row").nth(5)).to_be_visible()
    expect(page).not_to_have_url(re.compile("rule="))


def test_many_are_tagged_at_once_and_another_page_sees_it(page: Page, open_page: OpenPage, muster: Muster) -> None:
    for number in range(3):
        create(muster, name=f"Bulk Person {number}", email=f"bulk.{number}@own.example")
    page.goto("/contacts?search=Bulk+Person")
    expect(page.get_by_role("row")).to_have_count(4)
    other = open_page(muster.admin)
    with follows(other, "useLiveContactsSubscription"):
        other.goto("/contacts?search=Bulk+Person")
    expect(other.get_by_role("row")).to_have_count(4)

    page.get_by_label("Select all rows").check()
    selected = page.get_by_role("region", name="Selected contacts")
    expect(selected).to_contain_text("3 contacts selected")
    selected.get_by_role("button", name="Tag", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Tags").fill("autumn fair")
    page.keyboard.press("Enter")
    dialog.get_by_role("button", name="Tag", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("autumn fair", exact=True)).to_have_count(3)
    expect(other.get_by_text("autumn fair", exact=True)).to_have_count(3)

    page.get_by_label("Select all rows").check()
    selected.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("button", name="Delete 3 contacts").click()
    expect(page.get_by_text("No contact matches")).to_be_visible()
    expect(other.get_by_text("No contact matches")).to_be_visible()


def test_all_that_match_are_exported(page: Page) -> None:
    page.goto("/contacts?rule=city+%3D+%27Lyon%27")
    expect(page.get_by_text("contacts found")).to_be_visible()
    page.get_by_role("button", name="Export").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("The columns of the list").check()
    dialog.get_by_role("button", name="Export").click()
    expect(page.get_by_text("The export is ready")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the file").click()
    lines = download.value.path().read_text(encoding="utf-8-sig").splitlines()
    assert lines[0] == "id,name,email,phone,tags,created_at"
    assert len(lines) > 10


def test_a_contact_is_created_and_a_taken_address_leads_to_who_has_it(page: Page, ana: str, muster: Muster) -> None:
    email = muster.ask("query ($id: ID!) { contact(id: $id) { email } }", id=ana)["contact"]["email"]
    page.goto("/contacts")
    page.get_by_role("button", name="New contact").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("First name").fill("Nadia")
    dialog.get_by_label("E-mail").fill(email)
    dialog.get_by_role("button", name="Create").click()
    expect(dialog.get_by_role("link", name="Show the contact that has it")).to_be_visible()
    dialog.get_by_label("E-mail").fill(f"nadia.{email}")
    dialog.get_by_role("button", name="Create").click()
    expect(page.get_by_role("heading", name="Nadia", level=1)).to_be_visible()


def test_fields_are_edited_in_place_by_keyboard_alone(page: Page, ana: str) -> None:
    page.goto(f"/contacts/{ana}")
    field(page, "Phone").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Phone", exact=True)).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Control+A")
    page.keyboard.type("+34 600 555 123")
    page.keyboard.press("Enter")
    expect(field(page, "Phone")).to_contain_text("+34600555123")
    expect(field(page, "Phone")).to_be_focused()
    field(page, "City").focus()
    page.keyboard.press("Enter")
    page.keyboard.type("Lyon")
    page.keyboard.press("Escape")
    expect(field(page, "City")).to_be_focused()
    expect(field(page, "City")).to_contain_text("–")


def test_a_value_that_somebody_else_changed_is_not_overwritten_unseen(page: Page, ana: str, muster: Muster) -> None:
    with follows(page, "useLiveContactSubscription"):
        page.goto(f"/contacts/{ana}")
    field(page, "First name").click()
    page.get_by_label("First name", exact=True).fill("Anna")
    muster.do(UPDATE, id=ana, input={"firstName": "Anita"})
    told = page.get_by_role("alert").filter(has_text="changed")
    expect(told).to_contain_text("Anita")
    told.get_by_role("button", name="Save mine").click()
    expect(field(page, "First name")).to_contain_text("Anna")


def test_what_happens_elsewhere_appears_on_the_timeline(page: Page, ana: str, muster: Muster) -> None:
    with follows(page, "useLiveContactSubscription"):
        page.goto(f"/contacts/{ana}")
    expect(page.get_by_role("radiogroup", name="What the timeline shows")).to_be_visible()
    expect(page.get_by_text("Shop visit")).to_be_hidden()
    muster.do(RECORD, input=[{"contactId": ana, "kind": "shop.visit", "properties": {"shop": "Lyon"}}])
    expect(page.get_by_text("Shop visit")).to_be_visible()
    page.get_by_role("button", name="What can be done").click()
    page.get_by_role("menuitem", name="Record an activity").click()
    page.get_by_role("combobox", name="What happened").fill("phone.call")
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("Phone call")).to_be_visible()


def test_what_happens_before_a_page_follows_its_contact_is_not_missed(page: Page, ana: str, muster: Muster) -> None:
    with not_following_yet(page):
        page.goto(f"/contacts/{ana}")
        timeline = page.get_by_role("list", name="Timeline")  # segments of other tests may have taken the contact in
        expect(page.get_by_text("Nothing here yet").or_(timeline)).to_be_visible()
        muster.do(RECORD, input=[{"contactId": ana, "kind": "shop.visit"}])
        expect(page.get_by_text("Shop visit")).to_be_hidden()
    expect(page.get_by_text("Shop visit")).to_be_visible()


def test_a_timeline_names_the_broadcasts_of_messages_within_three_requests(
    page: Page, ana: str, muster: Muster
) -> None:
    broadcast = a_draft(muster, "Autumn fair")
    said = {"broadcastId": broadcast, "template": "greeting"}
    muster.do(
        RECORD, input=[{"contactId": ana, "kind": f"message.{kind}", "properties": said} for kind in ("sent", "read")]
    )
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.method == "POST" else None)
    page.goto(f"/contacts/{ana}")
    links = page.get_by_role("list", name="Timeline").get_by_role("link", name="Autumn fair")
    expect(links).to_have_count(2)
    expect(links.first).to_have_attribute("href", re.compile(f"/broadcasts/{broadcast}$"))
    expect(page.get_by_text(broadcast)).to_have_count(0)
    assert len(asked) <= 3


def test_a_page_says_why_a_contact_is_not_in_a_segment(page: Page, ana: str) -> None:
    page.goto(f"/contacts/{ana}?tab=segments")
    page.get_by_placeholder("Choose a segment").click()
    page.get_by_role("option", name="Regulars in Lyon").click()
    expect(page.get_by_text("Not in the segment.")).to_be_visible()
    expect(page.get_by_text("city", exact=False).first).to_be_visible()
    expect(page).to_have_url(re.compile("why="))


def test_two_contacts_are_merged_and_apart_again(page: Page, muster: Muster) -> None:
    keep = create(muster, name="Berta Klein", dateOfBirth="1971-02-03", email="berta@own.example")
    merge = create(muster, name="Berta Kleyn", dateOfBirth="1971-02-03", email="berta.kleyn@own.example")
    page.goto(f"/contacts/{keep}?tab=identity")
    page.get_by_role("link", name="Compare").click()
    page.get_by_role("radio", name="E-mail of Berta Kleyn").check()
    expect(page.get_by_role("row", name="E-mail").get_by_role("cell").last).to_have_text("berta.kleyn@own.example")
    page.get_by_role("button", name="Merge").click()
    expect(page.get_by_text("Merged into Berta Klein")).to_be_visible()
    merged = "query ($id: ID!) { contact(id: $id) { id email } }"
    assert muster.ask(merged, id=merge)["contact"] == {"id": keep, "email": "berta.kleyn@own.example"}
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("there are two contacts again")).to_be_visible()
    assert muster.ask(merged, id=merge)["contact"]["id"] == merge


def test_who_may_not_write_is_offered_no_writing(open_page: OpenPage, muster: Muster) -> None:
    page = open_page(muster.stranger)
    page.goto("/contacts")
    expect(page.get_by_role("button", name="New contact")).to_have_count(0)


def test_a_slow_search_keeps_the_rows_and_says_that_it_is_loading(page: Page, ana: str) -> None:
    page.goto("/contacts?search=Ana+Torres")
    row = page.get_by_role("link", name="Ana Torres").first
    expect(row).to_be_visible()
    waiting: list[Route] = []
    answers = False
    page.route("**/graphql", lambda route: route.continue_() if answers else waiting.append(route))
    page.get_by_label("Search by name").fill("Ana")
    table = page.get_by_role("table")
    expect(table).to_have_attribute("aria-busy", "true")
    expect(page.get_by_role("status").filter(has_text="Loading")).to_have_count(1)
    expect(row).to_be_visible()
    answers = True
    for route in waiting:
        route.continue_()
    expect(table).to_have_attribute("aria-busy", "false")


def test_the_tabs_of_a_page_lie_in_one_line_on_a_narrow_one(open_page: OpenPage, muster: Muster, ana: str) -> None:
    page = open_page(muster.admin, viewport={"width": 360, "height": 740})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/graphql") else None)
    page.goto(f"/contacts/{ana}?tab=identity")
    identity = page.get_by_role("tab", name="Identity")
    expect(page.get_by_role("heading", name="May be the same person")).to_be_visible()
    box = identity.bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 361
    assert len(asked) <= 3
    tabs = page.get_by_role("tab").all()
    assert len({tab.bounding_box()["y"] for tab in tabs}) == 1  # type: ignore[index]
    identity.press("Home")
    expect(page.get_by_role("tab", name="Timeline")).to_be_focused()
    expect(page.get_by_role("tab", name="Timeline")).to_be_in_viewport(ratio=0.9)


def test_the_first_key_finds_the_list_of_an_input(page: Page) -> None:
    page.goto("/contacts?order=NAME_ASC")
    order = page.get_by_role("combobox", name="Order")
    order.focus()
    page.keyboard.press("ArrowDown")
    chosen = page.get_by_role("option", name="Name, A to Z")
    expect(chosen).to_have_attribute("data-combobox-selected", "true")
