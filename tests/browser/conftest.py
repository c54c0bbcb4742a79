"""Browsers on a whole Muster: README.md in this folder says how to use them."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, StorageState, expect

from tests.browser import pictures
from tests.browser.addresses import Samples, samples_of
from tests.browser.people import Muster, Person
from tests.browser.problems import Problems
from tests.kit.run import running

expect.set_options(timeout=20_000)  # a busy machine is slow, and a right screen waits for nothing

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")

START: Final = """
    mutation ($email: String!, $password: String!) {
        sessionStart(email: $email, password: $password) { userErrors { message } }
    }
"""

expect.set_options(timeout=15_000)  # for a machine that is busy with other things

OpenPage = Callable[..., Page]
LooksLike = Callable[..., None]

NOT_COMPARED: Final = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--new-pictures", action="store_true", help="keep what the screens look like now")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM is None:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="there is no browser here: install Debian's package chromium"))


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--font-render-hinting=none", "--disable-lcd-text"]
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": arguments}


@pytest.fixture(scope="session")
def muster() -> Iterator[Muster]:
    """What `make run` starts, once for all tests, with the demo workspace."""
    with running(MUSTER_WEBHOOK_LOCAL="true") as run:
        muster = Muster(run)
        assert muster.admin
        yield muster


@pytest.fixture(scope="session")
def base_url(muster: Muster) -> str:
    return muster.url


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """An English browser in another zone than the workspace, in which nothing moves."""
    return {
        **browser_context_args,
        "viewport": {"width": 1280, "height": 800},
        "locale": "en-GB",
        "timezone_id": "America/New_York",
        "reduced_motion": "reduce",
    }


@pytest.fixture
def problems() -> Iterator[Problems]:
    problems = Problems()
    yield problems
    assert problems.unexpected == []


@pytest.fixture(scope="session")
def sessions() -> dict[str, StorageState]:
    """The cookies of those who have signed in already, by e-mail address."""
    return {}


@pytest.fixture
def open_page(
    new_context: Callable[..., BrowserContext], problems: Problems, muster: Muster, sessions: dict[str, StorageState]
) -> OpenPage:
    """Opens a page in a browser of its own: of a person who has signed in, or of nobody. More options are those of a context."""

    def open_page(person: Person | None = None, **options: Any) -> Page:
        context = new_context(**options)
        problems.watch(context)
        if person is not None:
            if person.email not in sessions:
                sessions[person.email] = signed_in(context, muster, person)
            context.add_cookies(sessions[person.email]["cookies"])  # type: ignore[arg-type]
        return context.new_page()

    return open_page


def signed_in(context: BrowserContext, muster: Muster, person: Person) -> StorageState:
    variables = {"email": person.email, "password": person.password}
    request = {"query": START, "variables": variables}
    answer = context.request.post(f"{muster.url}/graphql", data=request, headers={"origin": muster.url})
    assert answer.json()["data"]["sessionStart"]["userErrors"] == []
    return context.storage_state()


@pytest.fixture
def page(open_page: OpenPage, muster: Muster) -> Page:
    """A page of the demo workspace's admin, who has signed in. Nothing is open in it yet."""
    return open_page(muster.admin)


@pytest.fixture
def visitor(open_page: OpenPage) -> Page:
    """A page of nobody."""
    return open_page()


@pytest.fixture(scope="session")
def samples(muster: Muster) -> Samples:
    """Something for each parameter of a route, in the demo workspace."""
    return samples_of(muster)


@pytest.fixture
def looks_like(pytestconfig: pytest.Config, browser: Browser) -> LooksLike:
    """Compares a page with a kept picture. Moments and the elements of `mask` are painted over."""
    major = browser.version.split(".")[0]
    takes = pytestconfig.getoption("--new-pictures")

    def looks_like(page: Page, name: str, mask: Sequence[Locator] = ()) -> None:
        if takes:
            pictures.keep(pictures.take(page, mask), name)
            pictures.keep_browser(major)
        elif major == pictures.browser_kept():
            now = pictures.take(page, mask)
            pictures.check(now, name, Path(pytestconfig.getoption("--output")).absolute() / "pictures")

    if not takes and major != pictures.browser_kept():
        warning = f"pictures are not compared: they are of Chromium {pictures.browser_kept()}, and this is {major}"
        pytestconfig.stash.setdefault(NOT_COMPARED, []).append(warning)
    return looks_like


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for told in config.stash.get(NOT_COMPARED, [])[:1]:
        terminalreporter.write_line(told, yellow=True)
