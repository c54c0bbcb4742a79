"""The server is killed and comes back, the network is slow: the console says so, and goes on by itself."""

import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.people import SETTINGS, Muster
from tests.browser.problems import Problems
from tests.kit.run import Run

GONE = r"net::ERR_(CONNECTION|EMPTY|SOCKET)|WebSocket connection|: 50[0234]$"


class Api:
    """A second server of the same Muster: the tests that run beside this one need the first."""

    def __init__(self, muster: Muster) -> None:
        self.run = Run(muster.run.data_dir, **SETTINGS)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.run.data_dir / "second-api").open("ab") as output:
            command = [sys.executable, "-m", "muster", "api"]
            self.process = subprocess.Popen(command, env=self.run.environment, stdout=output, stderr=output)
        self.run.wait_until_ready()

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()


@pytest.fixture
def api(muster: Muster) -> Iterator[Api]:
    api = Api(muster)
    api.start()
    yield api
    api.kill()


def test_a_killed_server_is_reported_and_asked_again_until_it_answers(page: Page, api: Api, problems: Problems) -> None:
    problems.expect(GONE)
    page.goto(f"{api.run.url}/contacts")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    expect(page.get_by_role("searchbox")).to_be_visible()  # rows are there before the code of the console is
    api.kill()
    page.get_by_role("searchbox").fill("hannah")
    expect(page.get_by_role("status").filter(has_text="Reconnecting")).to_be_visible()
    api.start()
    expect(page.get_by_role("row").nth(1)).to_contain_text("Hannah")
    expect(page.get_by_role("status").filter(has_text="Reconnecting")).to_have_count(0)
    expect(page).to_have_url(re.compile("search=hannah"))


def test_what_is_loaded_late_is_loaded_over_a_slow_network(page: Page) -> None:
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 300, "downloadThroughput": 200_000, "uploadThroughput": 50_000}
    network.send("Network.emulateNetworkConditions", slow)
    page.goto("/contacts")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
