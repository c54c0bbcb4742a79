"""Metrics of the API for Prometheus."""

from functools import cache

from prometheus_client import Counter, Gauge, Histogram

OPERATIONS = Counter("muster_graphql_operations_total", "GraphQL operations, by type and outcome.", ["type", "code"])
DURATION = Histogram(
    "muster_graphql_duration_seconds",
    "How long GraphQL operations took, by type.",
    ["type"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
ERRORS = Counter("muster_graphql_errors_total", "Errors told to callers, by code.", ["code"])
SUBSCRIPTIONS = Gauge("muster_graphql_subscriptions", "Subscriptions that live now.", multiprocess_mode="livesum")
SOCKETS = Gauge("muster_graphql_sockets", "WebSockets that are open now.", multiprocess_mode="livesum")
SLOW = Counter("muster_feed_slow_total", "Subscribers that were ended because they did not take what they were given.")
THROTTLED = Counter("muster_graphql_throttled_total", "Operations refused because a caller had spent its points.")
COST = Counter("muster_graphql_cost_points_total", "Points that operations have cost.")


def count(kind: str, code: str, seconds: float, error_codes: list[str]) -> None:
    """`code` is OK or that of the first error."""
    _operations_counter(kind, code).inc()
    _duration_histogram(kind).observe(seconds)
    for error_code in error_codes:
        ERRORS.labels(error_code).inc()
    if code == "THROTTLED":
        THROTTLED.inc()


@cache
def _operations_counter(kind: str, code: str) -> Counter:
    return OPERATIONS.labels(kind, code)


@cache
def _duration_histogram(kind: str) -> Histogram:
    return DURATION.labels(kind)
