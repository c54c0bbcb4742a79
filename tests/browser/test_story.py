"""A newcomer's way: the printed address, a file, a segment by clicks, one as text, a broadcast, and why somebody is not in."""

import re
from typing import Final

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.live import follows
from tests.browser.people import Muster, Person
from tests.browser.test_broadcasts import choose
from tests.browser.test_contacts import field
from tests.browser.test_session import fill_in
from tests.kit.run import until

ASTRONAUTS: Final = (
    "Name,E-mail,Phone,City,WhatsApp consent\n"
    "Yuri Gagarin,yuri@star.example,+34600200001,Starport,OPTED_IN\n"
    "Valentina Tereshkova,valentina@star.example,+34600200002,Starport,OPTED_IN\n"
    "Sally Ride,sally@star.example,+34600200003,Starport,OPTED_IN\n"
    "Neil Armstrong,neil@moon.example,+34600200004,Tranquility,OPTED_IN\n"
)
FILE: Final = {"name": "astronauts.csv", "mimeType": "text/csv", "buffer": ASTRONAUTS.encode()}

STATUS: Final = "query ($id: ID!) { segment(id: $id) { status memberCount } }"


def as_printed(muster: Muster) -> tuple[str, Person]:
    """The address and the admin that `make run` prints at its end."""
    said = muster.run.said()
    address = re.search(r"Console +(\S+)", said)
    person = re.search(r"Sign in +(\S+) +password: (\S+)", said)
    assert address is not None
    assert person is not None
    return address[1], Person(person[1], person[2])


def import_the_file(page: Page) -> None:
    page.get_by_role("link", name="Imports and exports").click()
    page.get_by_role("link", name="New import").first.click()
    page.locator("input[type=file]").set_input_files([FILE])  # type: ignore[list-item]
    expect(page.get_by_role("combobox", name="Field for City")).to_have_value("City")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("button", name="Import 4 rows").click()
    expect(page.get_by_role("status").filter(has_text="Done")).to_be_visible()


def segment_by_clicks(page: Page) -> str:
    page.get_by_role("link", name="Segments").click()
    page.get_by_role("link", name="Create segment").first.click()
    page.get_by_label("Name", exact=True).fill("Star people")
    page.get_by_role("button", name="Add condition").click()
    expect(page.get_by_role("combobox", name="What about")).to_be_focused()
    page.keyboard.type("City")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(["City"])
    page.keyboard.press("Enter")
    page.get_by_role("combobox", name="City: Value").click()
    page.keyboard.type("Starport")
    page.keyboard.press("Escape")
    expect(page.get_by_text("3 of 3 can be reached by WhatsApp")).to_be_visible()
    page.get_by_role("button", name="Create segment").click()
    expect(page.get_by_role("heading", level=1, name="Star people")).to_be_visible()
    return page.url.rsplit("/", 1)[1]


def segment_as_text(page: Page) -> None:
    page.get_by_role("link", name="Segments").click()
    page.get_by_role("link", name="Create segment").first.click()
    page.get_by_label("Name", exact=True).fill("Star people as text")
    page.get_by_role("textbox", name="The rule as text").click()
    page.keyboard.type("city = 'Starport' and not name starts with 'Sally'")
    page.keyboard.press("Escape")
    expect(page.get_by_text("2 of 2 can be reached by WhatsApp")).to_be_visible()
    page.get_by_role("button", name="Create segment").click()
    expect(page.get_by_role("heading", level=1, name="Star people as text")).to_be_visible()


def test_a_newcomer_brings_people_in_and_writes_to_them(visitor: Page, open_page: OpenPage, muster: Muster) -> None:
    page = visitor
    address, admin = as_printed(muster)
    page.goto(address)
    fill_in(page, admin)
    import_the_file(page)
    segment = segment_by_clicks(page)
    segment_as_text(page)

    with follows(page, "membershipChanges"):
        page.goto(f"/segments/{segment}?tab=changes")
    until(lambda: muster.ask(STATUS, id=segment)["segment"] == {"status": "READY", "memberCount": 3}, 60)
    other = open_page(muster.admin)
    other.goto("/contacts")
    other.get_by_role("button", name="New contact").click()
    dialog = other.get_by_role("dialog")
    dialog.get_by_label("First name").fill("Mae")
    dialog.get_by_label("Last name").fill("Jemison")
    dialog.get_by_label("Phone").fill("+34600200005")
    dialog.get_by_role("button", name="Create").click()
    expect(other.get_by_role("heading", level=1)).to_contain_text("Mae Jemison")
    field(other, "City").click()
    other.get_by_label("City", exact=True).fill("Starport")
    other.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Live")).to_contain_text("Mae Jemison")
    expect(page.get_by_role("list", name="Live")).to_contain_text("entered: the rule says so")

    page.get_by_role("link", name="Broadcasts").click()
    page.get_by_role("link", name="New broadcast").first.click()
    page.get_by_role("textbox", name="Name", exact=True).fill("To the stars")
    choose(page, page.get_by_role("combobox", name="Template"), "greeting")
    choose(page, page.get_by_role("combobox", name="Placeholder 1: filled with"), "First name")
    page.get_by_label("Placeholder 1: If empty, say").fill("friend")
    choose(page, page.get_by_role("combobox", name="Goes to members of"), "Star people ·")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("listitem").filter(has_text="Will receive it")).to_contain_text("3")
    page.get_by_role("button", name="Review and send").click()
    page.get_by_role("dialog").get_by_role("button", name="Send to 3 people").click()
    expect(page.get_by_role("status").filter(has_text="Completed")).to_be_visible()

    page.goto(f"/segments/{segment}?tab=why")
    page.get_by_role("combobox", name="Contact to look up").fill("Neil")
    page.get_by_role("option", name=re.compile("^Neil Armstrong")).click()
    expect(page.get_by_text("Neil Armstrong is not in this segment.")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Tranquility")
