"""The server is killed and comes back, the network is slow: the console says so, and goes on by itself."""

import re

from playwright.sync_api import Page, expect

from tests.browser.people import Muster
from tests.browser.problems import Problems
from tests.kit.run import until

GONE = r"net::ERR_(CONNECTION|EMPTY|SOCKET)|WebSocket connection|: 50[0234]$"


def test_a_killed_server_is_reported_and_asked_again_until_it_answers(
    page: Page, muster: Muster, problems: Problems
) -> None:
    problems.expect(GONE)
    page.goto("/contacts")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    muster.run.named("api").kill()
    until(lambda: not muster.run.is_ready(), 10)
    page.get_by_role("searchbox").fill("hannah")
    expect(page.get_by_role("status").filter(has_text="Reconnecting")).to_be_visible()
    until(muster.run.is_ready, 60)
    expect(page.get_by_role("row").nth(1)).to_contain_text("Hannah", timeout=20_000)
    expect(page.get_by_role("status").filter(has_text="Reconnecting")).to_have_count(0)
    expect(page).to_have_url(re.compile("search=hannah"))


def test_what_is_loaded_late_is_loaded_over_a_slow_network(page: Page) -> None:
    network = page.context.new_cdp_session(page)
    network.send("Network.enable")
    slow = {"offline": False, "latency": 300, "downloadThroughput": 200_000, "uploadThroughput": 50_000}
    network.send("Network.emulateNetworkConditions", slow)
    page.goto("/contacts")
    expect(page.get_by_role("row").nth(1)).to_be_visible(timeout=20_000)
