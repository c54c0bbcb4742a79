"""The first screen: what runs, what needs a hand, and the first steps of an empty workspace."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.gallery import CURATOR, samples_of
from tests.browser.people import Muster
from tests.kit.run import until

EXPORT = "mutation { exportStart(input: {format: CSV}) { job { id } userErrors { message } } }"

CONTACT = """
    mutation ($input: ContactInput!) { contactCreate(input: $input) { contact { id } userErrors { message } } }
"""
WORKFLOW = """
    mutation ($input: WorkflowCreateInput!) { workflowCreate(input: $input) { workflow { id } userErrors { message } } }
"""
PUBLISH = """
    mutation ($id: ID!, $token: String!) {
        workflowPublish(id: $id, input: {token: $token}) { userErrors { message } } }
"""
LET_IN = """
    mutation ($id: ID!, $contact: ID!) {
        workflowContactsAdd(workflowId: $id, contacts: {ids: [$contact]}) { userErrors { message } } }
"""
TAKE_OUT = LET_IN.replace("ContactsAdd", "ContactsRemove")
SEGMENT = """
    mutation { segmentCreate(input: {name: "Of a lost rule", kind: DYNAMIC, ruleQuery: "city = 'Nowhere'"}) {
        segment { id } userErrors { message } } }
"""
LOSE_RULE = "UPDATE segments SET rule = '{\"all\": 5}' WHERE name = $1"
RECOMPUTE = "mutation ($id: ID!) { segmentRecompute(id: $id) { job { id } userErrors { message } } }"
NEW_RULE = """
    mutation ($id: ID!) { segmentUpdate(id: $id, input: {ruleQuery: "city = 'Somewhere'"}) { userErrors { message } } }
"""
ONE_TAG_MORE = {
    "triggers": [{"key": "by_a_person", "on": {"manual": True}}],
    "start": "tag",
    "nodes": [
        {"key": "tag", "do": {"tagsChange": {"add": ["one more"], "next": "end"}}},
        {"key": "end", "do": {"end": {}}},
    ],
}


def test_one_request_shows_what_moves_and_the_tour_stays_closed(open_page: OpenPage, muster: Muster) -> None:
    samples_of(muster)
    page = open_page(CURATOR)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.post_data or "") if "/graphql" in request.url else None)
    page.goto("/")
    expect(page.get_by_role("region", name="Segments that moved most").get_by_role("listitem").first).to_be_visible()
    expect(page.get_by_text(re.compile(r"^[0-9,]+ contacts$"))).to_be_visible()
    assert len([one for one in asked if one]) == 3  # who is asking, the screen, and how many contacts there are
    expect(page.get_by_text("up to date")).to_be_visible()
    page.get_by_role("button", name="Close the tour for good").click()
    page.reload()
    expect(page.get_by_role("region", name="Needs a hand")).to_be_visible()
    expect(page.get_by_role("region", name="A first look around")).to_have_count(0)


def test_a_paused_workflow_needs_a_hand(page: Page, muster: Muster) -> None:
    workflows = muster.ask("{ workflows(first: 50, status: ACTIVE) { nodes { id name } } }")["workflows"]["nodes"]
    birthday = next(one["id"] for one in workflows if one["name"] == "Birthday")
    pause = "mutation ($id: ID!) { workflowPause(id: $id) { workflow { id } userErrors { message } } }"
    muster.do(pause, id=birthday)
    page.goto("/")
    needs = page.get_by_role("region", name="Needs a hand")
    expect(needs).to_contain_text("Workflow paused")
    expect(needs.get_by_role("link", name="Birthday")).to_have_attribute("href", re.compile("/workflows/"))
    resume = "mutation ($id: ID!) { workflowResume(id: $id) { workflow { id } userErrors { message } } }"
    muster.do(resume, id=birthday)


def test_a_contact_that_cannot_go_on_needs_a_hand(page: Page, muster: Muster) -> None:
    full = {"name": "Fay Full", "tags": [f"tag {number}" for number in range(200)]}
    contact = muster.do(CONTACT, input=full)["contact"]["id"]
    workflow = muster.do(WORKFLOW, input={"name": "One tag too many", "graph": ONE_TAG_MORE})["workflow"]["id"]
    preview = "query ($id: ID!) { workflowPublishPreview(id: $id) { token } }"
    token = muster.ask(preview, id=workflow)["workflowPublishPreview"]["token"]
    muster.do(PUBLISH, id=workflow, token=token)
    muster.do("mutation ($id: ID!) { workflowActivate(id: $id) { userErrors { message } } }", id=workflow)
    muster.do(LET_IN, id=workflow, contact=contact)
    page.goto("/")
    needs = page.get_by_role("region", name="Needs a hand")
    expect(needs).to_contain_text("1 contact cannot go on in One tag too many")
    needs.get_by_role("link", name="One tag too many").click()
    expect(page).to_have_url(re.compile(r"\?tab=people&state=FAILED$"))
    expect(page.get_by_role("button", name="Fay Full")).to_be_visible()
    page.goto("/workflows?failed=true")
    expect(page.get_by_role("link", name="One tag too many")).to_be_visible()
    muster.do(TAKE_OUT, id=workflow, contact=contact)


def test_a_segment_that_cannot_be_computed_needs_a_hand_until_it_has_a_rule_that_can(
    page: Page, muster: Muster
) -> None:
    segment = muster.do(SEGMENT)["segment"]["id"]
    status = "query ($id: ID!) { segment(id: $id) { status } }"
    until(lambda: muster.ask(status, id=segment)["segment"]["status"] == "READY", 60)
    muster.execute(LOSE_RULE, "Of a lost rule")
    muster.do(RECOMPUTE, id=segment)
    until(lambda: muster.ask(status, id=segment)["segment"]["status"] == "FAILED", 60)
    page.goto("/")
    needs = page.get_by_role("region", name="Needs a hand")
    expect(needs).to_contain_text("Segment not computed: Of a lost rule")
    needs.get_by_role("link", name="Of a lost rule").click()
    expect(page.get_by_role("alert")).to_contain_text("edit the rule, or compute again")
    muster.do(NEW_RULE, id=segment)
    until(lambda: muster.ask(status, id=segment)["segment"]["status"] == "READY", 60)
    page.get_by_role("link", name="Home").click()
    expect(needs).to_be_visible()
    expect(needs.get_by_role("link", name="Of a lost rule")).to_have_count(0)


def test_an_empty_workspace_is_led_to_its_first_import(open_page: OpenPage, muster: Muster) -> None:
    page = open_page(muster.newcomer)
    page.goto("/")
    first = page.get_by_role("region", name="Bring in your contacts")
    expect(first.get_by_role("link", name="Make a token")).to_have_attribute("href", re.compile("/settings/tokens$"))
    first.get_by_role("button", name="Import the sample").click()
    expect(page).to_have_url(re.compile("/transfers/import.*step=columns"))
    expect(page.get_by_text("first_name").first).to_be_visible()
