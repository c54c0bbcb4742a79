"""Runs the embedded PostgreSQL and Valkey for tests and one-off commands.

Their Unix sockets are in folders that only their owner can enter: no port, no password."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from muster.errors import SetupError
from muster.local.postgres import Postgres
from muster.local.processes import Program, opened_log, spawn, stop
from muster.local.valkey import Valkey

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 30.0


@contextmanager
def running(*servers: Postgres | Valkey) -> Iterator[None]:
    started: list[tuple[subprocess.Popen[bytes], Program]] = []
    try:
        for server in servers:
            program = server.prepare()
            with opened_log(server.log) as output:
                process = spawn(program, output)
            started.append((process, program))
            wait_ready(server.is_ready, lambda process=process: process.poll() is None, program.name)  # type: ignore[misc]
        yield
    finally:
        for process, program in reversed(started):
            stop(process, program, STOP_TIMEOUT_SECONDS)


def wait_ready(is_ready: Callable[[], bool], is_alive: Callable[[], bool], name: str) -> None:
    """SetupError when the server ends, or after a minute."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not is_ready():
        if not is_alive():
            raise SetupError(f"The embedded {name} ended while it started: its log says why.")
        if time.monotonic() > deadline:
            raise SetupError(
                f"The embedded {name} did not answer within {START_TIMEOUT_SECONDS:.0f} s: its log says why."
            )
        time.sleep(0.01)
