"""Operations are counted by type and outcome."""

from prometheus_client import REGISTRY

from schema.server import metrics


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_an_operation_is_counted_with_its_errors_and_its_time() -> None:
    names = {"type": "query", "code": "THROTTLED"}
    before = value("muster_graphql_operations_total", **names), value("muster_graphql_throttled_total")
    errors = value("muster_graphql_errors_total", code="THROTTLED")
    seconds = value("muster_graphql_duration_seconds_sum", type="query")
    metrics.count("query", "THROTTLED", 0.5, ["THROTTLED", "THROTTLED"])
    after = value("muster_graphql_operations_total", **names), value("muster_graphql_throttled_total")
    assert after == (before[0] + 1, before[1] + 1)
    assert value("muster_graphql_errors_total", code="THROTTLED") == errors + 2
    assert value("muster_graphql_duration_seconds_sum", type="query") == seconds + 0.5
