"""Broadcasts are written, sent and followed in the console, also by the keyboard alone."""

import re
from typing import Any, Final

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import OpenPage
from tests.browser.keys import tab_to
from tests.browser.live import follows
from tests.browser.people import MEMBER, Muster, Person

CONTACT: Final = """
    mutation ($input: ContactInput!) { contactUpsert(input: $input) { contact { id } userErrors { message } } }
"""
SEGMENT: Final = """
    mutation ($input: SegmentCreateInput!) { segmentCreate(input: $input) { segment { id } userErrors { message } } }
"""
DRAFT: Final = """
    mutation ($input: BroadcastCreateInput!) {
        broadcastCreate(input: $input) { broadcast { id } userErrors { message } }
    }
"""
START: Final = """
    mutation ($id: ID!, $at: DateTime) {
        broadcastSchedule(id: $id, at: $at) { broadcast { id } userErrors { message } }
    }
"""
PEOPLE: Final = (
    ("Ana Readable", "+34600100001", "OPTED_IN"),
    ("Ben Readable", "+34600100002", "OPTED_IN"),
    ("Carla Unreachable", "+34600199126", "OPTED_IN"),
    ("Dario Optedout", "+34600100004", "OPTED_OUT"),
    ("Eva Withoutphone", None, "OPTED_IN"),
)
"""The sandbox refuses a number that ends in 99126."""


def a_segment(muster: Muster, name: str) -> str:
    ids = []
    for index, (person, phone, consent) in enumerate(PEOPLE):
        values: dict[str, Any] = {"externalId": f"broadcasts-{index}", "name": person, "whatsappConsent": consent}
        ids.append(muster.do(CONTACT, input=values | ({"phone": phone} if phone else {}))["contact"]["id"])
    made = muster.do(SEGMENT, input={"name": name, "kind": "STATIC", "contacts": {"ids": ids}})
    return str(made["segment"]["id"])


def a_draft(muster: Muster, name: str) -> str:
    templates = muster.ask("{ messageTemplates { id name } }")["messageTemplates"]
    greeting = next(template["id"] for template in templates if template["name"] == "greeting")
    parameters = [{"name": "1", "field": "name", "fallback": "friend"}]
    values = {"name": name, "templateId": greeting, "parameters": parameters}
    made = muster.do(DRAFT, input={**values, "includeSegmentIds": [a_segment(muster, f"Of {name}")]})
    return str(made["broadcast"]["id"])


def choose(page: Page, target: Locator, words: str) -> None:
    """Choose an option of a combobox by the keyboard."""
    tab_to(page, target)
    page.keyboard.type(words)
    expect(page.get_by_role("option")).to_have_count(1)
    expect(page.get_by_role("option")).to_contain_text(words)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def test_a_broadcast_is_written_and_sent_by_the_keyboard_alone(page: Page, muster: Muster) -> None:
    a_segment(muster, "Friends of the keyboard")
    page.goto("/broadcasts")
    create = page.get_by_role("link", name="New broadcast").first
    expect(create).to_be_visible()
    tab_to(page, create)
    page.keyboard.press("Enter")
    name = page.get_by_role("textbox", name="Name", exact=True)
    expect(name).to_be_visible()
    tab_to(page, name)
    page.keyboard.type("Sent by keys")
    choose(page, page.get_by_role("combobox", name="Template"), "greeting")
    choose(page, page.get_by_role("combobox", name="Placeholder 1: filled with"), "First name")
    tab_to(page, page.get_by_label("Placeholder 1: If empty, say"))
    page.keyboard.type("friend")
    expect(page.get_by_role("figure", name="Preview")).to_contain_text("Hello friend, welcome.")
    choose(page, page.get_by_role("combobox", name="Goes to members of"), "Friends of the keyboard")
    page.keyboard.press("Escape")
    tab_to(page, page.get_by_role("button", name="Continue"))
    page.keyboard.press("Enter")

    expect(page.get_by_text("Draft saved")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="Will receive it")).to_contain_text("3")
    tab_to(page, page.get_by_role("button", name="no phone number"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_text("Eva Withoutphone")).to_be_visible()
    expect(page).to_have_url(re.compile("excluded=NO_PHONE"))
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    tab_to(page, page.get_by_role("button", name="Review and send"), "Shift+Tab")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("3 people will get it now")
    expect(dialog).to_contain_text("2 people in the segments will not get it")
    tab_to(page, dialog.get_by_role("button", name="Send to 3 people"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Completed")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^Failed"))).to_contain_text("1")


def test_failures_are_told_by_their_reason_and_tried_again(page: Page, muster: Muster) -> None:
    broadcast = a_draft(muster, "One fails")
    muster.do(START, id=broadcast)
    page.goto(f"/broadcasts/{broadcast}")
    expect(page.get_by_role("status").filter(has_text="Completed")).to_be_visible()
    page.get_by_role("button", name=re.compile("^Show: The number is not on WhatsApp")).click()
    expect(page).to_have_url(re.compile("state=FAILED&reason="))
    recipients = page.get_by_role("region", name="Recipients").get_by_role("table")
    expect(recipients.get_by_role("row")).to_have_count(2)
    expect(recipients).to_contain_text("Carla Unreachable")
    page.get_by_role("button", name="Try again", exact=True).click()
    page.get_by_role("button", name="Make a draft for 1 person").click()
    expect(page.get_by_role("heading", name="One fails (again)")).to_be_visible()
    expect(page.get_by_role("combobox", name="Template")).to_have_count(0)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_role("heading", name="Broadcasts")).to_be_visible()


def test_a_draft_saves_itself_and_counts_its_audience_again(page: Page, muster: Muster) -> None:
    broadcast = a_draft(muster, "Counted again")
    page.goto(f"/broadcasts/{broadcast}/edit")
    will = page.get_by_role("listitem").filter(has_text="Will receive it")
    expect(will).to_contain_text("3")
    page.get_by_label("Placeholder 1: If empty, say").fill("")
    page.get_by_role("combobox", name="Placeholder 1: filled with").click()
    page.get_by_role("option", name="E-mail").click()
    expect(page.get_by_role("listitem").filter(has_text="nothing to fill a placeholder with")).to_contain_text("3")
    expect(will).to_contain_text("0")
    expect(page.get_by_role("button", name="Review and send")).to_be_disabled()
    page.get_by_role("combobox", name="Placeholder 1: filled with").click()
    page.get_by_role("option", name="The same text for all").click()
    page.get_by_label("Placeholder 1: Text").fill("everybody")
    expect(will).to_contain_text("3")
    page.reload()
    expect(page.get_by_label("Placeholder 1: Text")).to_have_value("everybody")


def test_a_start_is_scheduled_and_another_browser_sees_at_once_that_it_is_cancelled(
    page: Page, open_page: OpenPage, muster: Muster
) -> None:
    broadcast = a_draft(muster, "For later")
    page.goto(f"/broadcasts/{broadcast}/edit")
    page.get_by_text("Later", exact=True).click()
    expect(page.get_by_text(re.compile("in the workspace · .* for you"))).to_be_visible()
    page.get_by_role("button", name="Review and schedule").click()
    page.get_by_role("dialog").get_by_role("button", name="Schedule").click()
    expect(page.get_by_role("status").filter(has_text="Scheduled")).to_be_visible()
    other = open_page(muster.admin)
    with follows(other, "broadcastLiveSubscription"):
        other.goto("/broadcasts?status=SCHEDULED")
    expect(other.get_by_role("row").filter(has_text="For later")).to_contain_text("Scheduled")
    page.get_by_role("button", name="Cancel", exact=True).click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel", exact=True).click()
    expect(other.get_by_role("row").filter(has_text="For later")).to_contain_text("Cancelled")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_opens_on_the_screens_of_broadcasts_can_be_used_by_all(
    open_page: OpenPage, muster: Muster, theme: str
) -> None:
    page = open_page(muster.admin, color_scheme=theme)
    broadcast = a_draft(muster, f"For all in {theme}")
    found = {}
    page.goto(f"/broadcasts/{broadcast}/edit?excluded=OPTED_OUT")
    expect(page.get_by_role("dialog").get_by_text("Dario Optedout")).to_be_visible()
    found["people"] = violations(page)
    page.keyboard.press("Escape")
    page.get_by_text("Later", exact=True).click()
    page.get_by_label("Start at").click()
    expect(page.get_by_role("button", name="Take this moment")).to_be_visible()
    found["moment"] = violations(page)
    page.get_by_role("dialog").get_by_role("button", name="Later").click()  # to a month with all its days
    found["next month"] = violations(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Review and schedule").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="Schedule")).to_be_visible()
    found["review"] = violations(page)
    muster.do(START, id=broadcast)
    page.goto(f"/broadcasts/{broadcast}")
    expect(page.get_by_role("status").filter(has_text="Completed")).to_be_visible()
    expect(page.get_by_role("button", name="Try again", exact=True)).to_be_visible()
    found["page"] = violations(page)
    assert {part: problems for part, problems in found.items() if problems} == {}


def test_who_may_only_read_broadcasts_sees_figures_and_is_offered_nothing_else(
    open_page: OpenPage, muster: Muster
) -> None:
    reader = Person("reader@demo.example")
    values = {"email": reader.email, "name": "Rita Reader", "password": reader.password, "role": "USER"}
    muster.do(MEMBER, input={**values, "permissions": ["BROADCAST_READ"]})
    broadcast = a_draft(muster, "Only to be read")
    muster.do(START, id=broadcast)
    page = open_page(reader)
    page.goto("/broadcasts")
    expect(page.get_by_role("link", name="New broadcast")).to_have_count(0)
    page.get_by_role("link", name="Only to be read").click()
    expect(page.get_by_role("status").filter(has_text="Completed")).to_be_visible()
    expect(page.get_by_role("listitem").filter(has_text="no phone number")).to_contain_text("1")
    expect(page.get_by_text("+34600100001")).to_be_visible()
    expect(page.get_by_text("Ana Readable")).to_have_count(0)
    for name in ("Try again", "Duplicate", "no phone number"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
        expect(page.get_by_role("link", name=name)).to_have_count(0)
