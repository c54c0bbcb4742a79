"""`muster up`, as a newcomer has it: started, broken into, stopped."""

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
from pathlib import Path

import orjson
import psutil
import pytest

START_SECONDS = 45
"""Far more than it takes, for a machine that is busy with other things."""


class Run:
    """A `muster up` on a data directory and a port of its own."""

    def __init__(self, data_dir: Path) -> None:
        self.port = free_port()
        self.data_dir = data_dir
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
        self.environment |= {"MUSTER_DATA_DIR": str(data_dir), "MUSTER_PORT": str(self.port)}

    def start(self) -> None:
        with (self.data_dir / "output").open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "muster", "up"], env=self.environment, stdout=output, stderr=output
            )
        until(lambda: self.is_ready() or self.process is None or self.process.poll() is not None, START_SECONDS)
        assert self.process.poll() is None, self.said()

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
            command, env=self.environment | environment, capture_output=True, text=True, timeout=60, check=False
        )

    def processes(self) -> list[psutil.Process]:
        """All processes of the run, orphans included: each names the data directory in its arguments or environment."""
        mine = f"MUSTER_DATA_DIR={self.data_dir}"
        return [process for process in psutil.process_iter() if _names(process, str(self.data_dir), mine)]

    def named(self, *words: str) -> psutil.Process:
        return next(process for process in self.processes() if set(words) <= set(process.cmdline()))

    def ask(self, query: str, token: str) -> dict[str, object]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/graphql",
            orjson.dumps({"query": query}),
            {"content-type": "application/json", "authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            said: dict[str, object] = orjson.loads(answer.read())
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


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    data_dir = Path(tempfile.mkdtemp(prefix="muster-test-"))
    data_dir.chmod(0o711)
    run = Run(data_dir)
    try:
        run.start()
        yield run
    finally:
        if run.process is not None:
            run.process.kill()
            run.process.wait()
        for process in run.processes():
            process.kill()
        shutil.rmtree(data_dir, ignore_errors=True)


def test_it_tells_where_it_is_and_how_to_sign_in(run: Run) -> None:
    until(lambda: "Stop       Ctrl-C" in run.said(), 60)
    address = f"http://127.0.0.1:{run.port}"
    lines = [f"Console    {address}/\n", f"GraphQL    {address}/graphql\n", f"Explorer   {address}/explorer\n"]
    for line in [*lines, "Sign in    admin@demo.example  password:"]:
        assert line in run.said()


def test_the_token_that_it_prints_is_good(run: Run) -> None:
    token = run.muster("token").stdout.removesuffix("\n")
    assert token
    assert "\n" not in token
    answer = run.ask("{ viewer { workspace { name contactCount } } }", token)
    assert answer["data"] == {"viewer": {"workspace": {"name": "Demo", "contactCount": 3000}}}


def test_the_doctor_finds_nothing_wrong(run: Run) -> None:
    examined = run.muster("doctor")
    assert examined.returncode == 0, examined.stdout
    assert "wrong" not in examined.stdout


def test_a_second_run_on_the_same_data_gets_one_clear_line(run: Run) -> None:
    second = run.muster("up", MUSTER_PORT=str(free_port()))
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert "is in use by another run" in second.stderr


def test_a_port_in_use_gets_one_clear_line(run: Run) -> None:
    second = run.muster("up", MUSTER_DATA_DIR=str(run.data_dir / "other"))
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert f"cannot listen on 127.0.0.1:{run.port}" in second.stderr


def test_a_worker_that_dies_is_started_again(run: Run) -> None:
    first = run.named("worker", "realtime")
    first.kill()
    until(lambda: not first.is_running() and "realtime    | was ended by SIGKILL" in run.said(), 60)
    until(lambda: run.said().count("queue=realtime") >= 2, 60)


def test_a_database_that_dies_is_started_again_and_the_api_finds_it(run: Run) -> None:
    postmaster = psutil.Process(int((run.data_dir / "postgres" / "data" / "postmaster.pid").read_text().split()[0]))
    postmaster.kill()
    until(lambda: "postgres    | was ended by SIGKILL" in run.said(), 60)
    until(run.is_ready, 60)
    assert "data" in run.ask("{ viewer { workspace { name } } }", run.muster("token").stdout.strip())


def test_a_stop_leaves_nothing_behind(run: Run) -> None:
    before = len(run.said())
    assert run.stop(signal.SIGTERM) == 0
    assert run.processes() == []
    assert "Traceback" not in run.said()[before:]
    assert "ERROR" not in run.said()[before:].upper()


def test_a_second_start_goes_on_with_the_same_data(run: Run) -> None:
    run.start()
    assert run.said().count("made the demo workspace") == 1
    assert run.said().count("migrated: 0001_foundation") == 1


def test_killed_without_a_chance_it_leaves_nothing_running(run: Run) -> None:
    until(lambda: "broadcast" in run.said(), 60)
    run.stop(signal.SIGKILL)
    until(lambda: run.processes() == [], 60)


def test_after_that_it_starts_as_if_nothing_had_been(run: Run) -> None:
    run.start()
    assert run.stop(signal.SIGINT) == 0
