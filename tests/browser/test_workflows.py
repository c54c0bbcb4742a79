"""Workflows: drawn, published, followed live and tried, by clicks and by keys."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import Muster

CREATE = """
    mutation ($input: WorkflowCreateInput!) { workflowCreate(input: $input) { workflow { id } userErrors { message } } }
"""
RENAMED = """
    mutation ($id: ID!, $input: WorkflowUpdateInput!) {
        workflowUpdate(id: $id, input: $input) { userErrors { message } } }
"""
CONTACT = """
    mutation ($input: ContactInput!) { contactCreate(input: $input) { contact { id } userErrors { message } } }
"""
LET_IN = """
    mutation ($id: ID!, $contact: ID!) {
        workflowContactsAdd(workflowId: $id, contacts: {ids: [$contact]}) { userErrors { message } } }
"""
PUBLISH = """
    mutation ($id: ID!, $token: String!) {
        workflowPublish(id: $id, input: {token: $token}) { userErrors { message } } }
"""
TESTED = "query ($id: ID!) { workflow(id: $id) { testRun { clock } } }"
GRAPH = {
    "triggers": [{"key": "by_a_person", "on": {"manual": True}}],
    "start": "rest",
    "nodes": [
        {"key": "rest", "label": "Rest a day", "do": {"wait": {"for": "P1D", "next": "end"}}},
        {"key": "end", "do": {"end": {}}},
    ],
}


def test_a_workflow_is_drawn_published_and_followed(page: Page, muster: Muster) -> None:
    contact = muster.do(CONTACT, input={"name": "Wanda Workflow"})["contact"]["id"]
    page.goto("/workflows")
    page.get_by_role("button", name="New workflow").click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Rest, then tag")
    page.get_by_role("dialog").get_by_role("button", name="New workflow").click()
    expect(page.get_by_role("heading", name="Draft of Rest, then tag")).to_be_visible()

    page.get_by_role("button", name="Add a node before the first").click()
    page.get_by_role("menuitem", name=re.compile("^Change tags")).click()
    page.get_by_role("combobox", name="Add tags").fill("rested")
    page.get_by_role("combobox", name="Add tags").press("Enter")
    expect(page.get_by_role("main").get_by_text("All is saved")).to_be_visible()
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Add a node before the first").click()
    page.get_by_role("menuitem", name=re.compile("^Wait Waits so long")).click()
    page.get_by_role("textbox", name="How long").fill("3")
    expect(page.get_by_role("main").get_by_text("All is saved")).to_be_visible()

    page.get_by_role("button", name="Publish …").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("0 contacts inside now")).to_be_visible()
    dialog.get_by_role("button", name="Publish").click()
    page.get_by_role("link", name="Done").click()
    page.get_by_role("button", name="Activate …").click()
    page.get_by_role("dialog").get_by_role("button", name="Activate").click()
    expect(page.get_by_role("main").get_by_text("Active", exact=True)).to_be_visible()

    page.get_by_role("tab", name="Live steps").click()
    workflow = re.search(r"/workflows/([^/?]+)", page.url)
    assert workflow is not None
    muster.do(LET_IN, id=workflow[1], contact=contact)
    steps = page.get_by_role("table", name="What happens now")
    expect(steps.get_by_text("Wanda Workflow").first).to_be_visible()
    expect(page.get_by_role("definition").nth(1)).to_have_text("1")

    page.get_by_role("tab", name="People").click()
    page.get_by_role("button", name="Wanda Workflow").click()
    page.get_by_role("dialog").get_by_role("button", name="Take out").click()
    page.get_by_role("dialog", name="Take out").get_by_role("button", name="Take out").click()
    expect(page.get_by_role("definition").nth(1)).to_have_text("0")


def test_a_draft_that_somebody_else_saved_is_not_overwritten_unasked(open_page: OpenPage, muster: Muster) -> None:
    made = muster.do(CREATE, input={"name": "Two editors", "graph": GRAPH})["workflow"]["id"]
    page = open_page(muster.admin)
    page.goto(f"/workflows/{made}/edit?view=list&node=rest")
    page.get_by_role("textbox", name="How long").fill("2")
    expect(page.get_by_role("main").get_by_text("All is saved")).to_be_visible()
    theirs = {**GRAPH, "nodes": [{**GRAPH["nodes"][0], "label": "Rest a week"}, GRAPH["nodes"][1]]}  # type: ignore[index]
    muster.do(RENAMED, id=made, input={"graph": theirs})
    page.get_by_role("textbox", name="How long").fill("5")
    expect(page.get_by_role("alert")).to_contain_text("Somebody else saved the draft meanwhile.")
    page.get_by_role("button", name="Take theirs").click()
    expect(page.get_by_role("textbox", name="Name of the node")).to_have_value("Rest a week")


def test_a_graph_is_read_and_changed_by_keys_alone(page: Page, muster: Muster) -> None:
    made = muster.do(CREATE, input={"name": "By keys", "graph": GRAPH})["workflow"]["id"]
    page.goto(f"/workflows/{made}/edit?view=list")
    first = page.get_by_role("button", name=re.compile("^Rest a day"))
    first.focus()
    page.keyboard.press("Enter")
    name = page.get_by_role("textbox", name="Name of the node")
    name.focus()
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.type("Rest a while")
    expect(page.get_by_role("main").get_by_text("All is saved")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Rest a while"))).to_have_attribute("aria-pressed", "true")


def test_the_past_is_played_and_a_contact_is_walked_through(page: Page, muster: Muster) -> None:
    muster.do(CONTACT, input={"name": "Walter Walker"})
    made = muster.do(CREATE, input={"name": "Tried out", "graph": GRAPH})["workflow"]["id"]
    page.goto(f"/workflows/{made}?tab=try")
    page.get_by_role("combobox", name="Contact").fill("Walter")
    page.get_by_role("option", name=re.compile("^Walter Walker")).click()
    expect(page.get_by_text(re.compile("^Would end: Came to the end"))).to_be_visible()
    page.get_by_role("button", name="Play").click()
    expect(page.get_by_text("0 entries")).to_be_visible()


def test_contacts_go_through_a_test_on_a_clock_of_its_own(page: Page, muster: Muster) -> None:
    contact = muster.do(CONTACT, input={"name": "Tina Tester"})["contact"]["id"]
    made = muster.do(CREATE, input={"name": "Tested", "graph": GRAPH})["workflow"]["id"]
    preview = "query ($id: ID!) { workflowPublishPreview(id: $id) { token } }"
    muster.do(PUBLISH, id=made, token=muster.ask(preview, id=made)["workflowPublishPreview"]["token"])
    page.goto(f"/workflows/{made}?tab=test")
    page.get_by_role("combobox", name="Add a contact").fill("Tina")
    page.get_by_role("option", name=re.compile("^Tina Tester")).click()
    expect(page).to_have_url(re.compile(f"testers={contact}"))
    page.get_by_role("radio", name="All of them to one phone").check()
    page.get_by_role("textbox", name="Phone number").fill("12")
    page.get_by_role("button", name="Start the test").click()
    expect(page.get_by_role("textbox", name="Phone number")).to_have_attribute("aria-invalid", "true")
    page.get_by_role("radio", name=re.compile("^Nowhere")).check()
    page.get_by_role("button", name="Start the test").click()

    people = page.get_by_role("table", name="Contacts of the test")
    expect(people.get_by_text("Waiting")).to_be_visible()
    people.get_by_role("button", name="Tina Tester").click()
    way = page.get_by_role("region", name="Its way: Tina Tester")
    expect(way.get_by_text("Rest a day")).to_have_count(1)
    page.get_by_role("textbox", name="Go on by").fill("1")
    page.get_by_role("combobox", name="Go on by: Unit").click()
    page.get_by_role("option", name="hour").click()
    page.get_by_role("button", name="Go on", exact=True).click()
    expect(people.get_by_text("Waiting")).to_be_visible()
    page.get_by_role("button", name="Go on to what is due next").click()
    expect(people.get_by_text("Came to the end")).to_be_visible()
    expect(way.get_by_text("Rest a day")).to_have_count(2)
    expect(page.get_by_text("Nothing falls due by time any more.")).to_be_visible()
    page.reload()
    expect(way.get_by_text("Rest a day")).to_have_count(2)

    page.get_by_role("button", name="End the test").click()
    page.get_by_role("dialog").get_by_role("button", name="End the test").click()
    expect(page.get_by_role("heading", name="Test with real contacts")).to_be_visible()
    assert muster.ask(TESTED, id=made)["workflow"] == {"testRun": None}
