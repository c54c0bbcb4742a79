"""An endpoint from its making to its deliveries, and an audience that follows a segment."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from playwright.sync_api import Page, expect


class Partner(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "6")
        self.end_headers()
        self.wfile.write(b"thanks")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def partner() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Partner)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/hooks"
    server.shutdown()
    server.server_close()


def test_an_endpoint_is_made_tested_paused_and_deleted(page: Page, partner: str) -> None:
    page.goto("/destinations/webhooks/new")
    page.get_by_label("Address").fill(partner)
    page.get_by_role("button", name="Create the endpoint").click()
    assert page.get_by_label("Secret", exact=True).input_value().startswith("whsec_")
    page.get_by_role("link", name="Go to the endpoint").click()
    expect(page.get_by_text("It is sent what happens.")).to_be_visible()

    page.get_by_role("button", name="Send a test").click()
    delivery = page.get_by_role("dialog")
    expect(delivery).to_contain_text("Answered 200")
    expect(delivery).to_contain_text("thanks")
    page.keyboard.press("Escape")
    expect(page.get_by_role("region", name="Deliveries").get_by_role("row").nth(1)).to_contain_text("Delivered")

    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("A person paused it.")).to_be_visible()
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the endpoint").click()
    expect(page.get_by_role("link", name=partner)).to_have_count(0)


def test_an_address_that_is_refused_is_told_beside_its_field(page: Page) -> None:
    page.goto("/destinations/webhooks/new")
    page.get_by_label("Address").fill("ftp://partner.example/hooks")
    page.get_by_role("button", name="Create the endpoint").click()
    expect(page.get_by_label("Address")).to_have_attribute("aria-invalid", "true")


def test_an_audience_follows_a_segment(page: Page) -> None:
    page.goto("/destinations/audiences?open=new")
    page.get_by_role("combobox", name="Segment").click()
    page.get_by_role("option", name="Regulars in Lyon").click()
    page.get_by_label("Name in the Ads Manager").fill("Browser")
    page.get_by_role("button", name="Create the audience").click()
    expect(page.get_by_role("heading", name="Browser")).to_be_visible()
    expect(page.get_by_text("Up to date")).to_be_visible()
    page.get_by_role("button", name="More").click()
    page.get_by_role("menuitem", name="Delete").click()
    expect(page.get_by_role("dialog")).to_contain_text("are in it at Meta")
    page.get_by_role("dialog").get_by_role("button", name="Delete the audience").click()
    expect(page.get_by_role("link", name="Browser")).to_have_count(0)
