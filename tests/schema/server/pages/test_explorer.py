"""The explorer page."""

from typing import Any
from urllib.parse import urljoin

import pytest

from tests.kit.api import application, send
from tests.kit.toys import toy_schema


@pytest.fixture(scope="module")
def app() -> Any:
    return application(toy_schema(), allowed_origins=("https://app.example.com",))


@pytest.mark.parametrize(
    ("path", "location"),
    [("/graphql", "explorer/"), ("/graphql/", "../explorer/"), ("/explorer", "explorer/")],
)
async def test_a_browser_that_opens_the_endpoint_is_led_to_the_explorer(app: Any, path: str, location: str) -> None:
    response = await send(app, "GET", path, accept="text/html,*/*;q=0.8")
    assert (response.status, response.headers["location"]) == (307, location)
    assert urljoin(path, location) == "/explorer/"


async def test_the_explorer_loads_nothing_from_elsewhere(app: Any) -> None:
    response = await send(app, "GET", "/explorer/")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    page = response.body.decode()
    assert "//" not in page.replace("<!doctype html>", "").replace("</", "<")
    for line in page.splitlines():
        if 'src="' in line or "stylesheet" in line:
            path = urljoin("/explorer/", line.split('"')[-2])
            assert (await send(app, "GET", path)).status == 200, path
