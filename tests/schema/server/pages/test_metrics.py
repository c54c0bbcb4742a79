"""The metrics page."""

from typing import Any

import pytest

from tests.kit.api import application, send
from tests.kit.toys import toy_schema


@pytest.fixture(scope="module")
def app() -> Any:
    return application(toy_schema(), allowed_origins=("https://app.example.com",))


async def test_metrics_count_operations_by_type_and_outcome(app: Any) -> None:
    await send(app, "POST", "/graphql", {"query": "{ broken }"})
    text = (await send(app, "GET", "/metrics")).body.decode()
    assert 'muster_graphql_operations_total{code="INTERNAL",type="query"}' in text
    assert 'muster_graphql_duration_seconds_bucket{le="0.005",type="query"}' in text
