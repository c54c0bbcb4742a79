"""What is shown before the code of the console is there, which is held back here."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import Muster
from tests.browser.problems import Problems

CONSOLE = re.compile(r"/assets/index-[^/]*\.js$")

PLACES = """() => [...document.querySelectorAll("header button, nav a, main h1, main h1 + div")].map((element) => {
    const { x, y, height } = element.getBoundingClientRect();
    return [element.textContent, x, y, height];
})"""

STATIC = "main :is(h1, h2, th, a, td:not(:has(time)), button:not([aria-haspopup]))"

STATIC_PLACES = f"""() => [...document.querySelectorAll("{STATIC}")].filter((element) => element.textContent).map((element) => {{
    const {{ x, y, width, height }} = element.getBoundingClientRect();
    return [element.textContent, x, y, width, height].join(" ");
}})"""
"""Where all is that does not tell how long ago something was."""

WORDS = "main :is(h1, h2, label, p, input[id*=-], [class*=abel], [class*=hint], [class*=escription])"

WORDS_PLACES = f"""() => {{
    const found = [];
    for (const element of document.querySelectorAll("{WORDS}")) {{
        const range = document.createRange();
        range.selectNodeContents(element);
        const {{ x, y, width, height }} = (element.matches("input") ? element : range).getBoundingClientRect();
        if (y + height < innerHeight) found.push([element.textContent || element.id, x, y, width, height].map(String).join(" "));
    }}
    return found;
}}"""
"""Where the words of a form are that are in view, and the fields that can be typed into early."""

WATCH = """
    window.emptied = 0;
    let isFilled = false;
    new MutationObserver(() => {
        const isNow = document.querySelector("main [data-id], main h2, main h1:not(:has(span)) + div a") !== null;
        if (isFilled && !isNow) emptied++;
        isFilled ||= isNow;
    }).observe(document, { childList: true, subtree: true });
"""
"""Counts how often what a screen shows was taken away again."""


@contextmanager
def held(page: Page, path: str) -> Iterator[Callable[[], None]]:
    """Opens a path, of which the code stays on its way until the function that is given is called."""
    waiting: list[Route] = []
    page.route(CONSOLE, lambda route: waiting.append(route), times=1)
    page.goto(path, wait_until="commit")

    def go_on() -> None:
        for route in waiting:
            route.continue_()

    yield go_on


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize(
    ("path", "language", "title"),
    [
        ("/transfers", "en", "Imports and exports"),
        ("/settings/fields", "en", "Custom fields"),
        ("/scores/new", "es", "Nueva puntuación"),
    ],
)
def test_the_words_that_are_known_stay_where_they_are(
    page: Page, path: str, language: str, title: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 740})
    page.add_init_script(f"localStorage.setItem('muster.language', '{language}')")
    with held(page, path) as go_on:
        expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
        before = page.evaluate(PLACES)
        expect(page.locator("[data-awaited]")).not_to_have_count(0)
        go_on()
    expect(page.locator("[data-awaited]")).to_have_count(0)
    after = page.evaluate(PLACES)
    assert before
    assert before == after[: len(before)]


@pytest.mark.parametrize(("path", "latest"), [("/settings/members", "table"), ("/segments/new", ".cm-content")])
def test_nothing_shifts_until_all_is_there(page: Page, path: str, latest: str) -> None:
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => { shift += value; }))"
        '.observe({ type: "layout-shift", buffered: true });'
    )
    with held(page, path) as go_on:
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        go_on()
    expect(page.locator(latest)).to_be_visible()
    assert page.evaluate("window.shift") == 0


def quiet_segment(muster: Muster) -> str:
    """The id of a segment that nobody else changes: the page of one whose members move, or are being found, asks again."""
    create = (
        'mutation { segmentCreate(input: {name: "Quiet", kind: STATIC}) { segment { id } userErrors { message } } }'
    )
    return str(muster.do(create)["segment"]["id"])


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/", "homeQuery"),
        ("/contacts", "contactListQuery"),
        ("/contacts/{contact}", "contactPageQuery"),
        ("/segments", "segmentListQuery"),
        ("/segments/{segment}", "segmentPageQuery"),
        ("/transfers", "jobListQuery"),
        ("/workflows", "workflowListQuery"),
    ],
)
def test_what_a_screen_reads_first_is_asked_for_before_its_code_is_there_and_once(
    page: Page, muster: Muster, path: str, query: str
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(operation_of(request)))
    (contact,) = muster.ask("{ contacts(first: 1) { nodes { id } } }")["contacts"]["nodes"]
    segment = quiet_segment(muster) if "{segment}" in path else None
    with ExitStack() as until_then:
        with page.expect_request(lambda request: operation_of(request) == query):
            go_on = until_then.enter_context(held(page, path.format(contact=contact["id"], segment=segment)))
        go_on()
    expect(page.locator("[data-awaited], main [aria-busy=true]")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert asked.count(query) == 1


def operation_of(request: Request) -> str:
    """The name of the operation that is sent; empty for what is no question to the API."""
    body = request.post_data_json if request.url.endswith("/graphql") else None
    return body["operationName"] if body else ""


def test_what_is_pressed_early_is_done_later(page: Page) -> None:
    with held(page, "/scores/new") as go_on:
        page.get_by_role("button", name="Your account").click()
        go_on()
    expect(page.get_by_role("menuitem", name="Sign out")).to_be_visible()


def test_a_link_that_is_pressed_early_leads_on_and_keeps_the_focus(page: Page) -> None:
    with held(page, "/scores/new") as go_on:
        link = page.get_by_role("navigation").get_by_role("link", name="Contacts")
        link.click()
        go_on()
    expect(page.get_by_role("heading", level=1, name="Contacts")).to_be_visible()
    expect(link).to_be_focused()


def test_the_frame_offers_what_the_member_may_do(open_page: OpenPage, muster: Muster) -> None:
    page = open_page(muster.stranger)
    with held(page, "/settings/password"):
        expect(page.get_by_role("heading", level=1, name="Your password")).to_be_visible()
        expect(page.get_by_role("link", name="Contacts")).to_have_count(0)
        expect(page.get_by_role("link", name="Members")).to_have_count(0)


def test_an_area_without_a_screen_is_left_for_its_first_before_the_console(page: Page) -> None:
    with held(page, "/settings") as go_on:
        expect(page).to_have_url(re.compile("/settings/workspace$"))
        go_on()
    expect(page.get_by_role("textbox", name="Name")).to_be_editable()
    expect(page.locator("[data-awaited]")).to_have_count(0)
    expect(page).to_have_url(re.compile("/settings/workspace$"))


def test_all_rows_in_view_are_there_before_the_console(page: Page) -> None:
    page.set_viewport_size({"width": 1280, "height": 740})
    with held(page, "/contacts") as go_on:
        rows = page.locator("main tr[data-id]")
        expect(rows).to_have_count(12)
        before = rows.evaluate_all("(rows) => rows.map(({ dataset, ariaRowIndex }) => [dataset.id, ariaRowIndex])")
        go_on()
    expect(page.locator("[data-awaited], main [aria-busy=true]")).to_have_count(0)
    after = rows.evaluate_all("(rows) => rows.map(({ dataset, ariaRowIndex }) => [dataset.id, ariaRowIndex])")
    assert after[:12] == before


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "Needs a hand"),
        ("/contacts", "Search by name, e-mail, phone or external id"),
        ("/contacts/{contact}", "Created"),
        ("/segments", "Right as of"),
        ("/segments/{segment}", "Right as of"),
        ("/transfers", "All kinds"),
        ("/workflows", "Changed"),
    ],
)
@pytest.mark.parametrize("width", [360, 1280])
def test_the_first_answer_is_drawn_before_the_console_and_stays_where_it_is(
    open_page: OpenPage, muster: Muster, path: str, words: str, width: int
) -> None:
    page = open_page(muster.admin, viewport={"width": width, "height": 740})
    page.add_init_script("localStorage.setItem('muster.tour', 'closed')")
    page.add_init_script(WATCH)
    page.clock.set_fixed_time(datetime.now(UTC))
    one = muster.ask("{ contacts(first: 1) { nodes { id } } segments(first: 1) { nodes { id } } }")
    (contact,), (segment,) = one["contacts"]["nodes"], one["segments"]["nodes"]
    with held(page, path.format(contact=contact["id"], segment=segment["id"])) as go_on:
        expect(page.locator("main")).to_contain_text(words)
        before = page.evaluate(STATIC_PLACES)
        go_on()
    expect(page.locator("[data-awaited], main [aria-busy=true]")).to_have_count(0)
    after = page.evaluate(STATIC_PLACES)
    assert before
    assert [place for place in before if place not in after] == []
    assert page.evaluate("window.emptied") == 0


def test_a_row_that_is_pressed_early_opens_later(page: Page) -> None:
    with held(page, "/contacts") as go_on:
        link = page.locator("main [data-id] a").first
        name = link.inner_text()
        link.click()
        go_on()
    expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()


def test_a_field_that_is_pressed_early_has_the_focus_later(page: Page) -> None:
    with held(page, "/contacts") as go_on:
        page.locator("[data-field]").first.click()
        go_on()
    expect(page.get_by_role("searchbox", name="Search by name")).to_be_focused()


def test_a_button_that_is_pressed_early_does_its_work_later(page: Page) -> None:
    with held(page, "/contacts") as go_on:
        page.get_by_role("button", name="New contact").click()
        go_on()
    expect(page.get_by_role("dialog")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/settings/workspace", "Time zone"),
        ("/segments/new", "Who belongs to it"),
        ("/scores/new", "Groups"),
        ("/broadcasts/new", "Audience"),
        ("/destinations/webhooks/new", "What it is sent"),
    ],
)
@pytest.mark.parametrize("width", [360, 1280])
def test_the_words_and_fields_of_a_form_are_there_before_the_console_and_stay(
    open_page: OpenPage, muster: Muster, path: str, words: str, width: int
) -> None:
    page = open_page(muster.admin, viewport={"width": width, "height": 740})
    with held(page, path) as go_on:
        expect(page.locator("main")).to_contain_text(words)
        before = page.evaluate(WORDS_PLACES)
        go_on()
    expect(page.locator("[data-awaited], main [aria-busy=true]")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    after = page.evaluate(WORDS_PLACES)
    assert before
    assert [place for place in before if place not in after] == []


def test_what_is_typed_early_is_kept_with_the_cursor_and_goes_on(page: Page) -> None:
    with held(page, "/segments/new") as go_on:
        name = page.get_by_role("textbox", name="Name", exact=True)
        name.fill("Buyers of ours")
        name.press("Home")
        name.press_sequentially("New ")
        go_on()
    expect(page.get_by_role("button", name="Add condition").first).to_be_visible()
    expect(name).to_have_value("New Buyers of ours")
    expect(name).to_be_focused()
    page.keyboard.type("and old ")
    expect(name).to_have_value("New and old Buyers of ours")


def test_what_is_typed_early_counts_as_typed(page: Page) -> None:
    with held(page, "/scores/new") as go_on:
        page.get_by_role("textbox", name="Name", exact=True).fill("Lead interest")
        go_on()
    expect(page.get_by_role("textbox", name="Name of the group")).to_be_visible()
    expect(page.get_by_role("textbox", name="Key")).to_have_value("lead_interest")


def test_what_is_typed_early_in_place_of_what_was_stored_is_kept(page: Page) -> None:
    with held(page, "/settings/workspace") as go_on:
        name = page.get_by_role("textbox", name="Name", exact=True)
        expect(name).not_to_have_value("")
        name.fill("Another name")
        go_on()
    expect(page.get_by_role("button", name="Save")).to_be_visible()
    expect(name).to_have_value("Another name")


def test_a_server_that_dies_before_the_code_is_there_is_told_and_waited_for(page: Page, problems: Problems) -> None:
    problems.expect("net::ERR_FAILED")
    waiting: list[Route] = []
    page.route(CONSOLE, lambda route: waiting.append(route), times=1)
    page.goto("/contacts", wait_until="commit")
    expect(page.locator("main [data-id]").first).to_be_visible()
    page.route("**/*", lambda route: route.abort())
    for route in waiting:
        route.abort()
    told = page.get_by_role("alert").filter(has_text="The server does not answer.")
    expect(told).to_be_visible()
    expect(page.locator("main [data-id]").first).to_be_visible()
    page.unroute("**/*")
    expect(page.get_by_role("searchbox", name="Search by name")).to_be_visible()
    expect(told).to_have_count(0)


def test_a_server_that_dies_before_the_screen_is_there_is_told_and_waited_for(page: Page, problems: Problems) -> None:
    problems.expect("net::ERR_FAILED")
    page.route(re.compile(r"/assets/segment_list-[^/]*[.]js$|/$"), lambda route: route.abort())
    page.goto("/segments", wait_until="commit")
    told = page.get_by_role("alert").filter(has_text="The server does not answer.")
    expect(told).to_be_visible()
    page.unroute_all()
    expect(page.get_by_role("searchbox")).to_be_visible()
    expect(told).to_have_count(0)


def test_who_is_not_signed_in_sees_no_frame(visitor: Page) -> None:
    with held(visitor, "/contacts") as go_on:
        expect(visitor.get_by_role("progressbar", name="Loading")).to_be_attached()
        expect(visitor.get_by_role("navigation")).to_have_count(0)
        go_on()
    expect(visitor.get_by_role("button", name="Sign in")).to_be_visible()
