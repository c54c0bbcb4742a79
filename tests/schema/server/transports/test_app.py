"""The parts of the ASGI application around GraphQL."""

from typing import Any

import pytest

from schema.server.transports.app import ALLOWED_HEADERS
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


async def preflight(app: Any, *headers: str) -> int:
    asked = {"access_control_request_method": "POST", "access_control_request_headers": ",".join(headers)}
    return (await send(app, "OPTIONS", "/graphql", origin="https://app.example.com", **asked)).status


@pytest.mark.parametrize(
    "headers",
    [
        ("authorization", "content-type", "apollographql-client-name", "apollographql-client-version"),
        ("apollo-require-preflight", "x-requested-with"),
        ("sentry-trace", "baggage", "traceparent", "tracestate"),
        ALLOWED_HEADERS,
    ],
)
async def test_browsers_may_send_what_usual_clients_and_tracing_tools_send(app: Any, headers: tuple[str, ...]) -> None:
    assert await preflight(app, *headers) == 200


async def test_more_headers_are_allowed_by_an_option(app: Any) -> None:
    assert await preflight(app, "x-tenant") == 400
    with_more = application(
        toy_schema(), allowed_origins=("https://app.example.com",), allowed_headers=("X-Tenant", "x-flags")
    )
    assert await preflight(with_more, "content-type", "x-tenant", "x-flags") == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/"), ("GET", "/health/live"), ("GET", "/nothing"), ("POST", "/graphql"), ("PATCH", "/graphql")]
    + [("OPTIONS", "/graphql"), ("GET", "/metrics"), ("PUT", "/uploads/x"), ("GET", "/explorer/explorer.js")],
)
async def test_no_answer_may_be_taken_for_another_type(app: Any, method: str, path: str) -> None:
    answer = await send(app, method, path, origin="https://app.example.com", access_control_request_method="POST")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
async def test_answers_of_operations_may_not_either(app: Any, accept: str) -> None:
    answer = await send(app, "POST", "/graphql", {"query": "{ __typename }"}, accept=accept)
    assert (answer.status, answer.headers["x-content-type-options"]) == (200, "nosniff")
    assert answer.headers["content-type"].startswith(accept)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_pages_and_event_streams_may_not_either(app: Any, method: str) -> None:
    answer = await send(app, method, "/graphql", accept="text/html")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_path_may_end_with_a_slash(app: Any) -> None:
    answer = await send(app, "POST", "/graphql/", {"query": "{ __typename }"})
    assert (answer.status, answer.json()["data"]) == (200, {"__typename": "Query"})


async def test_other_paths_go_to_the_routes(app: Any) -> None:
    assert (await send(app, "GET", "/health/live")).status == 200
    assert (await send(app, "GET", "/nothing")).status == 404


async def test_without_allowed_origins_no_page_elsewhere_may_read_answers() -> None:
    answer = await send(
        application(toy_schema()), "POST", "/graphql", {"query": "{ __typename }"}, origin="https://app.example.com"
    )
    assert "access-control-allow-origin" not in answer.headers
