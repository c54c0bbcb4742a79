"""Serves the metrics of a worker, in a thread."""

import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from permissions.metrics_access import may_read_metrics

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        pass


def serve_metrics(host: str, port: int, token: str | None) -> int:
    """Serves until the process ends, and returns the port: `port`, or a free one for 0."""
    server = make_server(host, port, guarded(make_wsgi_app(), token), _Server, _Silent)
    threading.Thread(target=server.serve_forever, daemon=True, name="metrics").start()
    return int(server.server_port)


def guarded(app: Any, token: str | None) -> Wsgi:
    """The WSGI application `app`, for who may read the metrics."""

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        forwarded = "HTTP_X_FORWARDED_FOR" in environ or "HTTP_FORWARDED" in environ
        authorization, address = environ.get("HTTP_AUTHORIZATION"), environ.get("REMOTE_ADDR")
        if may_read_metrics(token, authorization, address, forwarded=forwarded):
            answered: Iterable[bytes] = app(environ, start_response)
            return answered
        start_response("401 Unauthorized", [("content-type", "text/plain"), ("www-authenticate", "Bearer")])
        return [b"metrics are for this machine alone, or for who sends MUSTER_METRICS_TOKEN as a bearer token\n"]

    return answer
