"""Browsers on a whole Muster: README.md in this folder says how to use them."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, StorageState, expect

from tests.browser import pictures
from tests.browser.people import SETTINGS, Muster, Person
from tests.browser.problems import Problems
from tests.kit.run import Run, begun, running

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")

START: Final = """
    mutation ($email: String!, $password: String!) {
        sessionStart(email: $email, password: $password) { userErrors { message } }
    }
"""

MOST_MS: Final = 60_000
"""For a machine that is slow, or busy with other things: a right screen waits for nothing."""

expect.set_options(timeout=MOST_MS)

OpenPage = Callable[..., Page]
LooksLike = Callable[..., None]

BROWSER: Final[dict[str, Any]] = {
    "viewport": {"width": 1280, "height": 800},
    "locale": "en-GB",
    "timezone_id": "America/New_York",
    "reduced_motion": "reduce",
}
"""An English browser in another zone than the workspace, in which nothing moves."""

NOT_COMPARED: Final = pytest.StashKey[list[str]]()

BEGUN: Final = pytest.StashKey[Run]()

ENDS: Final = pytest.StashKey[ExitStack]()


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


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """The process that leads begins a Muster while the others collect their tests, and tells them where it is."""
    stash = node.config.stash
    if CHROMIUM is None:
        return
    if BEGUN not in stash:
        stash[ENDS] = ExitStack()
        stash[BEGUN] = stash[ENDS].enter_context(begun(**SETTINGS))
    node.workerinput["muster"] = (str(stash[BEGUN].data_dir), stash[BEGUN].port)


def pytest_unconfigure(config: pytest.Config) -> None:
    if ENDS in config.stash:
        config.stash[ENDS].close()


@pytest.fixture(scope="session")
def muster(pytestconfig: pytest.Config) -> Iterator[Muster]:
    """What `make run` starts, once for all tests and processes, with the demo workspace."""
    leader = getattr(pytestconfig, "workerinput", {}).get("muster")
    with ExitStack() as ends:
        run = Run(Path(leader[0]), leader[1], **SETTINGS) if leader else ends.enter_context(running(**SETTINGS))
        run.wait_until_ready()
        muster = Muster(run)
        assert muster.admin
        yield muster


@pytest.fixture(scope="session")
def base_url(muster: Muster) -> str:
    return muster.url


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
    """Opens a page in a browser of its own: of a person who has signed in, or of nobody.

    More options are those of a context, and go before those of BROWSER.
    """

    def open_page(person: Person | None = None, **options: Any) -> Page:
        context = new_context(**BROWSER | options)
        context.set_default_timeout(MOST_MS)
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


@pytest.fixture
def looks_like(pytestconfig: pytest.Config, browser: Browser) -> LooksLike:
    """Compares a page with a kept picture, in which all moments are one and the elements of `mask` are painted over."""
    major = browser.version.split(".")[0]
    takes = pytestconfig.getoption("--new-pictures")

    def looks_like(page: Page, name: str, mask: Sequence[Locator] = ()) -> None:
        if takes:
            pictures.keep(pictures.take(page, mask), name)
            pictures.keep_browser(major)
        elif major == pictures.browser_kept():
            pictures.check(
                lambda: pictures.take(page, mask),
                name,
                Path(pytestconfig.getoption("--output")).absolute() / "pictures",
            )

    if not takes and major != pictures.browser_kept():
        warning = f"pictures are not compared: they are of Chromium {pictures.browser_kept()}, and this is {major}"
        pytestconfig.stash.setdefault(NOT_COMPARED, []).append(warning)
    return looks_like


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for told in config.stash.get(NOT_COMPARED, [])[:1]:
        terminalreporter.write_line(told, yellow=True)
