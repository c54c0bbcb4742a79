"""The explorer page."""

from typing import Any

import pytest

from tests.kit.api import application, send
from tests.kit.toys import toy_schema


@pytest.fixture(scope="module")
def app() -> Any:
    return application(toy_schema(), allowed_origins=("https://app.example.com",))


async def test_a_browser_that_opens_the_endpoint_sees_the_explorer(app: Any) -> None:
    response = await send(app, "GET", "/graphql", accept="text/html,*/*;q=0.8")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.body == (await send(app, "GET", "/")).body


async def test_the_explorer_loads_nothing_from_elsewhere(app: Any) -> None:
    page = (await send(app, "GET", "/")).body.decode()
    assert "//" not in page.replace("<!doctype html>", "").replace("</", "<")
    for line in page.splitlines():
        if 'src="' in line or "stylesheet" in line:
            path = line.split('"')[-2]
            assert (await send(app, "GET", path)).status == 200, path
