"""`muster api`: the HTTP server around the app."""

import importlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from muster.settings import METRICS_FOLDER, Settings
from muster.up import must_be_free

STOP_SECONDS = 5
"""For open requests. Subscriptions are asked to reconnect."""

START_SECONDS = 60
"""Of several processes, one that does not say within this time that it lives is ended and started again: on a busy machine
each takes some seconds to begin, and with a shorter limit none might ever be there."""


def serve(settings: Settings, log_format: str) -> None:
    """Serves until SIGINT or SIGTERM. Raises SetupError when the port is taken."""
    with _shared_metrics(settings.api_processes):
        _serve(settings, log_format)


@contextmanager
def _shared_metrics(processes: int) -> Iterator[None]:
    """Several processes answer on one port: each gives the figures of all, which they share by files."""
    if processes == 1:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="muster-metrics-") as folder:
        os.environ[METRICS_FOLDER] = folder  # for the processes that uvicorn starts
        yield


def _serve(settings: Settings, log_format: str) -> None:
    must_be_free(settings.host, settings.port)
    os.environ["MUSTER_LOG_FORMAT"] = log_format  # for the processes that uvicorn starts
    importlib.import_module("muster.app")  # an import error shows before anything listens
    uvicorn.run(
        "muster.app:create",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.api_processes,
        loop="uvloop",
        http="muster.protocols:Http",
        ws="muster.protocols:WebSockets",
        ws_max_size=settings.body_limit_kib * 1024,
        ws_per_message_deflate=False,  # costs more CPU than all else about a message
        ws_ping_interval=None,  # graphql-transport-ws has its own pings
        lifespan="on",
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        server_header=False,
        access_log=False,
        log_config=None,
        backlog=4096,
        timeout_graceful_shutdown=STOP_SECONDS,
        timeout_worker_healthcheck=START_SECONDS,
    )
