"""What is shown before the code of the console is there, which is held back here."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import Muster

CONSOLE = re.compile(r"/assets/index-[^/]*\.js$")

PLACES = """() => [...document.querySelectorAll("header button, nav a, main h1, main h1 + div")].map((element) => {
    const { x, y, height } = element.getBoundingClientRect();
    return [element.textContent, x, y, height];
})"""


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
        expect(page.locator("[data-awaited]")).to_have_count(1)
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
    one = muster.ask("{ contacts(first: 1) { nodes { id } } segments(first: 1) { nodes { id } } }")
    (contact,), (segment,) = one["contacts"]["nodes"], one["segments"]["nodes"]
    with ExitStack() as until_then:
        with page.expect_request(lambda request: operation_of(request) == query):
            go_on = until_then.enter_context(held(page, path.format(contact=contact["id"], segment=segment["id"])))
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


def test_who_is_not_signed_in_sees_no_frame(visitor: Page) -> None:
    with held(visitor, "/contacts") as go_on:
        expect(visitor.get_by_role("progressbar", name="Loading")).to_be_attached()
        expect(visitor.get_by_role("navigation")).to_have_count(0)
        go_on()
    expect(visitor.get_by_role("button", name="Sign in")).to_be_visible()
