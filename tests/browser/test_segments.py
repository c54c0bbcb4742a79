"""Segments: rules built by keys and as text, changes of others, and what a deletion says."""

import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.keys import tab_to
from tests.browser.live import follows
from tests.browser.people import Muster
from tests.kit.run import until

CREATE = """
    mutation ($input: SegmentCreateInput!) { segmentCreate(input: $input) { segment { id version } userErrors { message } } }
"""
UPDATE = """
    mutation ($id: ID!, $input: SegmentUpdateInput!) {
        segmentUpdate(id: $id, input: $input) { segment { id } userErrors { message } }
    }
"""
CONTACT = "mutation ($input: ContactInput!) { contactCreate(input: $input) { contact { id } userErrors { message } } }"
RULE = "query ($id: ID!) { segment(id: $id) { ruleQuery status } }"


def created(muster: Muster, name: str, rule: str | None = None, **values: Any) -> str:
    """The id of a new segment."""
    given = {"name": name, "kind": "DYNAMIC" if rule else "STATIC", "ruleQuery": rule, **values}
    return str(muster.do(CREATE, input=given)["segment"]["id"])


def text_of_rule(page: Page) -> Locator:
    return page.get_by_role("textbox", name="The rule as text")


LATE_TIMERS = "const set = window.setTimeout; window.setTimeout = (run, ms, ...args) => set(run, ms || 400, ...args);"


def test_the_first_field_is_chosen_by_enter_however_busy_the_page_is(page: Page, muster: Muster) -> None:
    page.add_init_script(LATE_TIMERS)
    page.goto("/segments/new")
    tab_to(page, page.get_by_role("button", name="Add condition"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="What about")).to_be_focused()
    page.keyboard.type("City")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(["City"])
    page.wait_for_timeout(600)  # the timer of the opening comes last
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="City: Value")).to_be_visible()


def test_a_rule_is_built_by_the_keyboard_alone(page: Page, muster: Muster) -> None:
    page.goto("/segments/new")
    keys = page.keyboard
    tab_to(page, page.get_by_label("Name", exact=True))
    keys.type("By keys alone")
    tab_to(page, page.get_by_role("button", name="Add condition"))
    keys.press("Enter")
    expect(page.get_by_role("combobox", name="What about")).to_be_focused()
    keys.type("City")
    expect(page.get_by_role("listbox").get_by_role("option")).to_have_text(["City"])
    keys.press("Enter")
    tab_to(page, page.get_by_role("combobox", name="City: Value"))
    keys.type("Lyon")
    keys.press("Escape")
    expect(text_of_rule(page)).to_have_text("all (city = 'Lyon')")
    expect(page.get_by_text("contacts, ")).to_be_visible()

    keys.press("Alt+Shift+D")
    expect(page.get_by_role("group", name="City")).to_have_count(2)
    expect(page.get_by_role("button", name="Actions: City").nth(1)).to_be_focused()
    keys.press("Alt+Shift+N")
    expect(text_of_rule(page)).to_have_text("city = 'Lyon' and not city = 'Lyon'")
    tab_to(page, page.get_by_role("combobox", name="City: Value").nth(1), "Shift+Tab")
    keys.press("Control+A")
    keys.type("Paris")
    keys.press("Escape")
    keys.press("Alt+Shift+ArrowUp")
    expect(text_of_rule(page)).to_have_text("not city = 'Paris' and city = 'Lyon'")
    expect(page.get_by_role("combobox", name="City: Value").nth(0)).to_be_focused()
    keys.press("Alt+Shift+G")
    expect(text_of_rule(page)).to_have_text("any (not city = 'Paris') and city = 'Lyon'")
    expect(page.get_by_role("group", name="Group")).to_be_visible()
    expect(page.get_by_role("button", name="Actions: City").nth(0)).to_be_focused()

    tab_to(page, page.get_by_role("button", name="Actions: City").nth(1))
    keys.press("Enter")
    tab_to(page, page.get_by_role("menuitem", name="Move up"), "ArrowDown")
    keys.press("Enter")
    expect(text_of_rule(page)).to_have_text("all (not city = 'Paris' or city = 'Lyon')")
    tab_to(page, page.get_by_role("button", name="Create segment"))
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1, name="By keys alone")).to_be_visible()
    made = muster.ask(RULE, id=page.url.rsplit("/", 1)[1])["segment"]
    assert made["ruleQuery"] == "all (not city = 'Paris' or city = 'Lyon')"


def test_a_rule_is_written_as_text_and_its_mistakes_are_mended(page: Page) -> None:
    page.goto("/segments/new?kind=DYNAMIC_PLUS")
    page.get_by_label("Name", exact=True).fill("By text")
    text_of_rule(page).press_sequentially("cit")
    page.get_by_role("option", name="city").click()
    expect(text_of_rule(page)).to_have_text(re.compile("city "))
    text_of_rule(page).press_sequentially("== ")
    page.keyboard.press("Escape")
    page.keyboard.type("'Lyon' and count(purchasse) >= 1")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Write =", exact=True).click()
    expect(page.get_by_role("group", name="City")).to_be_visible()
    expect(page.get_by_role("group", name="Activity: purchasse")).to_contain_text("did you mean")
    expect(page.get_by_text("In plain words")).to_be_visible()
    page.get_by_role("button", name="Create segment").click()
    expect(page.get_by_role("heading", level=1, name="By text")).to_be_visible()


def test_who_was_faster_is_told_with_what_they_made(page: Page, muster: Muster) -> None:
    segment = created(muster, "Edited by two", "score > 1")
    page.goto(f"/segments/{segment}/edit")
    page.get_by_label("What it is for").fill("Mine")
    muster.do(UPDATE, id=segment, input={"name": "Theirs", "ruleQuery": "score > 2"})
    page.get_by_role("button", name="Save").click()
    dialog = page.get_by_role("dialog", name="Somebody was faster")
    expect(dialog).to_contain_text("Demo Admin saved this segment")
    expect(dialog).to_contain_text("score > 2")
    dialog.get_by_role("button", name="Overwrite with mine").click()
    expect(page).to_have_url(re.compile(rf"/segments/{segment}$"))
    expect(page.get_by_role("heading", level=1, name="Edited by two")).to_be_visible()
    expect(page.get_by_text("Mine")).to_be_visible()
    assert muster.ask(RULE, id=segment)["segment"]["ruleQuery"] == "score > 1"


def test_who_enters_is_on_the_screen_at_once(page: Page, muster: Muster) -> None:
    segment = created(muster, "Watched", "attributes.city = 'Atlantis'")
    until(lambda: muster.ask(RULE, id=segment)["segment"]["status"] == "READY", 60)
    with follows(page, "membershipChanges"):
        page.goto(f"/segments/{segment}?tab=changes")
    expect(page.get_by_text("Nobody has entered or left")).to_be_visible()
    muster.do(CONTACT, input={"name": "Ondine Wave", "attributes": {"city": "Atlantis"}})
    feed = page.get_by_role("list", name="Live")
    expect(feed).to_contain_text("Ondine Wave")
    expect(feed).to_contain_text("entered: the rule says so")
    expect(feed.get_by_role("listitem")).to_have_count(1)
    expect(page.get_by_role("status").get_by_text("1", exact=True)).to_be_visible()


def test_a_deletion_says_what_it_breaks_and_is_undone(page: Page, muster: Muster) -> None:
    segment = created(muster, "Doomed", "score >= 0")
    created(muster, "Leans on it", "in segment 'Doomed'")
    page.goto(f"/segments/{segment}")
    page.get_by_role("button", name="More actions").click()
    page.get_by_role("menuitem", name="Delete").click()
    dialog = page.get_by_role("dialog", name="Delete Doomed?")
    expect(dialog).to_contain_text(re.compile(r"[\d,]+ members leave"))
    expect(dialog).to_contain_text("Segment: Leans on it")
    dialog.get_by_role("button", name="Delete all the same").click()
    expect(page).to_have_url(re.compile("/segments$"))
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", level=1, name="Doomed")).to_be_visible()


def test_a_contact_is_looked_up_and_held_in(page: Page, muster: Muster) -> None:
    name = "Zoe Zephyr"
    muster.do(CONTACT, input={"name": name, "attributes": {"city": "Oslo"}})
    segment = created(muster, "Looked into", "attributes.city = 'Bergen' and score >= 0")
    page.goto(f"/segments/{segment}?tab=why")
    page.get_by_role("combobox", name="Contact to look up").fill(name)
    page.get_by_role("option", name=name).click()
    expect(page.get_by_text(f"{name} is not in this segment.")).to_be_visible()
    expect(page.get_by_role("list", name="Why, part by part")).to_contain_text("has: Oslo")
    page.get_by_role("tab", name="Overrides").click()
    page.get_by_role("combobox", name="Contact", exact=True).fill(name)
    page.get_by_role("option", name=name).click()
    page.get_by_role("button", name="Put in, whatever the rule says").click()
    expect(page.get_by_role("row", name=name)).to_contain_text("Always in")
    page.get_by_role("button", name="Lift the override").click()
    expect(page.get_by_text("No overrides")).to_be_visible()


def test_members_of_a_static_segment_are_added_and_taken_out(page: Page, muster: Muster) -> None:
    muster.do(CONTACT, input={"name": "Yara Yellow"})
    segment = created(muster, "Tasters")
    page.goto(f"/segments/{segment}")
    page.get_by_role("button", name="Add contacts").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Contacts to add").fill("Yara")
    page.get_by_role("option", name="Yara Yellow").click()
    dialog.get_by_role("button", name="Add contacts").click()
    row = page.get_by_role("row", name="Yara Yellow")
    expect(row).to_contain_text("A person")
    row.get_by_role("checkbox").check()
    page.get_by_role("button", name="Take out 1").click()
    page.get_by_role("dialog").get_by_role("button", name="Take out").click()
    expect(page.get_by_text("No members")).to_be_visible()


def test_the_list_is_filtered_by_its_address(open_page: OpenPage, muster: Muster) -> None:
    page = open_page(muster.admin)
    page.goto("/segments?kind=STATIC&search=tasting")
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_role("row").nth(1)).to_contain_text("Tasting panel")
    page.get_by_label("Kind").select_option("Dynamic plus")
    expect(page.get_by_text("No segment is like that")).to_be_visible()
    expect(page).to_have_url(re.compile("kind=DYNAMIC_PLUS"))
