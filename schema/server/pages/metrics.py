"""The page that Prometheus reads the metrics from."""

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from permissions.metrics_access import may_read_metrics

_REFUSED = "metrics are for this machine alone, or for who sends MUSTER_METRICS_TOKEN as a bearer token\n"


def routes(token: str | None) -> list[Route]:
    """/metrics, for who sends `token`; without one, for this machine."""

    async def metrics(request: Request) -> Response:
        address = None if request.client is None else request.client.host
        forwarded = any(name in request.headers for name in ("x-forwarded-for", "forwarded"))
        if not may_read_metrics(token, request.headers.get("authorization"), address, forwarded=forwarded):
            return PlainTextResponse(_REFUSED, 401, headers={"www-authenticate": "Bearer"})
        return Response(generate_latest(_registry()), headers={"content-type": CONTENT_TYPE_LATEST})

    return [Route("/metrics", metrics)]


def _registry() -> CollectorRegistry:
    """That of all processes that share a folder for metrics; else that of this process."""
    shared = CollectorRegistry()
    try:
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    except ValueError:  # no folder is shared
        return REGISTRY
    return shared
