"""The parts of the ASGI application around GraphQL."""

from typing import Any

import pytest

from tests.kit.api import application, send
from tests.kit.toys import toy_schema


@pytest.fixture(scope="module")
def app() -> Any:
    return application(toy_schema(), allowed_origins=("https://app.example.com",))


async def test_only_allowed_origins_may_read_answers(app: Any) -> None:
    asked = {"access_control_request_method": "POST", "access_control_request_headers": "authorization,content-type"}
    allowed = await send(app, "OPTIONS", "/graphql", origin="https://app.example.com", **asked)
    assert allowed.headers["access-control-allow-origin"] == "https://app.example.com"
    assert (await send(app, "OPTIONS", "/graphql", origin="https://evil.example.com", **asked)).status == 400
    plain = await send(app, "POST", "/graphql", {"query": "{ __typename }"}, origin="https://app.example.com")
    assert "x-request-id" in plain.headers["access-control-expose-headers"].lower()
    assert (
        "access-control-allow-origin"
        not in (
            await send(app, "POST", "/graphql", {"query": "{ __typename }"}, origin="https://evil.example.com")
        ).headers
    )


async def test_other_paths_go_to_the_routes(app: Any) -> None:
    assert (await send(app, "GET", "/health/live")).status == 200
    assert (await send(app, "GET", "/nothing")).status == 404


async def test_without_allowed_origins_no_page_elsewhere_may_read_answers() -> None:
    answer = await send(
        application(toy_schema()), "POST", "/graphql", {"query": "{ __typename }"}, origin="https://app.example.com"
    )
    assert "access-control-allow-origin" not in answer.headers
