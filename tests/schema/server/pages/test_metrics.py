"""The metrics page."""

from typing import Any

import pytest

from tests.kit.api import application, send
from tests.kit.toys import toy_schema

TOKEN = "a token of the tests"


@pytest.fixture(scope="module")
def app() -> Any:
    return application(toy_schema(), metrics_token=TOKEN, allowed_origins=("https://app.example.com",))


async def test_metrics_count_operations_by_type_and_outcome(app: Any) -> None:
    await send(app, "POST", "/graphql", {"query": "{ broken }"})
    text = (await send(app, "GET", "/metrics", authorization=f"Bearer {TOKEN}")).body.decode()
    assert 'muster_graphql_operations_total{code="INTERNAL",type="query"}' in text
    assert 'muster_graphql_duration_seconds_bucket{le="0.005",type="query"}' in text


@pytest.mark.parametrize("authorization", ["", TOKEN, "Bearer another token"])
async def test_metrics_are_refused_without_the_token(app: Any, authorization: str) -> None:
    refused = await send(app, "GET", "/metrics", authorization=authorization)
    assert (refused.status, refused.headers["www-authenticate"]) == (401, "Bearer")
    assert b"muster_" not in refused.body


async def test_without_a_token_another_machine_is_refused() -> None:
    refused = await send(application(toy_schema()), "GET", "/metrics")
    assert refused.status == 401
    assert b"MUSTER_METRICS_TOKEN" in refused.body
