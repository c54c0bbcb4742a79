"""`muster api`: the HTTP server around the app."""

import importlib
import os

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

from muster.settings import Settings
from muster.up import must_be_free


def serve(settings: Settings, log_format: str) -> None:
    """Serve until SIGINT or SIGTERM. SetupError when the port is taken."""
    importlib.import_module("muster.app")  # what is wrong with it is told once, and each process begins with it loaded
    must_be_free(settings.host, settings.port)
    os.environ["MUSTER_LOG_FORMAT"] = log_format  # for the processes that the server starts
    Server(
        "muster.app:create",
        factory=True,
        address=settings.host,
        port=settings.port,
        interface=Interfaces.ASGI,
        workers=settings.api_processes,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_level=LogLevels.warning,
    ).serve()
