"""`muster up` as a process of its own, on a data directory and a port of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import psutil

START_SECONDS = 300
"""Far more than it takes, for a machine that is busy with other things."""


class Run:
    """A `muster up` on a data directory and a port of its own."""

    def __init__(self, data_dir: Path, port: int | None = None, **settings: str) -> None:
        """Another process may have started the one at `port`."""
        self.port = port or free_port()
        self.data_dir = data_dir
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
        self.environment |= {"MUSTER_DATA_DIR": str(data_dir), "MUSTER_PORT": str(self.port), **settings}

    def start(self) -> None:
        self.begin()
        self.wait_until_ready()

    def begin(self) -> None:
        with (self.data_dir / "output").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "muster", "up"], env=self.environment, stdout=output, stderr=output
            )

    def wait_until_ready(self) -> None:
        until(lambda: self.is_ready() or self._has_ended(), START_SECONDS)
        assert not self._has_ended(), self.said()

    def _has_ended(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def said(self) -> str:
        return (self.data_dir / "output").read_text()

    def muster(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "muster", *arguments]
        return subprocess.run(
            command, env=self.environment | environment, capture_output=True, text=True, timeout=300, check=False
        )

    def processes(self) -> list[psutil.Process]:
        """All processes of the run, orphans included: each names the data directory in its arguments or environment."""
        mine = f"MUSTER_DATA_DIR={self.data_dir}"
        return [process for process in psutil.process_iter() if _names(process, str(self.data_dir), mine)]

    def named(self, *words: str) -> psutil.Process:
        return next(process for process in self.processes() if set(words) <= set(process.cmdline()))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(self, query: str, token: str | None = None, /, **variables: object) -> dict[str, Any]:
        """The answer of the API, for a bearer token or for nobody."""
        headers = {"content-type": "application/json"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        body = orjson.dumps({"query": query, "variables": variables})
        request = urllib.request.Request(f"{self.url}/graphql", body, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            said: dict[str, Any] = orjson.loads(answer.read())
            return said

    def stop(self, number: signal.Signals) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(40)


def _names(process: psutil.Process, folder: str, variable: str) -> bool:
    try:
        if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
            return False
        if any(folder in part for part in process.cmdline()):
            return True
        return dict(process.environ()).get("MUSTER_DATA_DIR") == folder
    except psutil.Error:
        return False


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def until(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


@contextmanager
def running(**settings: str) -> Iterator[Run]:
    """A run that has started, with more settings; nothing of it is left behind."""
    with begun(**settings) as run:
        run.wait_until_ready()
        yield run


@contextmanager
def begun(**settings: str) -> Iterator[Run]:
    """A run that is starting."""
    data_dir = Path(tempfile.mkdtemp(prefix="muster-test-"))
    data_dir.chmod(0o711)
    run = Run(data_dir, **settings)
    try:
        run.begin()
        yield run
    finally:
        if run.process is not None:
            run.process.kill()
            run.process.wait()
        for process in run.processes():
            process.kill()
        shutil.rmtree(data_dir, ignore_errors=True)
