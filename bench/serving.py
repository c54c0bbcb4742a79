"""Servers under the same load by turns: the processor time of each request, requests a second, latency."""

import json
import pickle
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import psutil

from bench.environment import DATA, Place, cpu_seconds, free_port, process
from bench.table import Result, medians

CONNECTIONS = (16, 64)
WARM_UP_SECONDS, AGAIN_WARM_SECONDS = 3, 0.5
"""Before the first round, until what is compiled at run time is compiled; and before each turn."""

Figures = dict[str, float]
"""cpu_ms (of the server's process, per request), per_second, p50_ms, p99_ms."""

Case = tuple[str, int]
"""Which requests, and over how many connections."""

FiguresByServer = dict[str, dict[Case, Figures]]


@dataclass
class MeasuredServer:
    """What is measured under this name: a process, and for each case the bytes of its requests."""

    name: str
    port: int
    process: psutil.Process
    requests: Mapping[str, Sequence[bytes]]


@contextmanager
def api(place: Place, url: str) -> Iterator[tuple[int, psutil.Process]]:
    """Muster's API as in production, in one process: its port and the process."""
    port = free_port()
    environment = place.environment(url, MUSTER_PORT=str(port), MUSTER_API_PROCESSES="1")
    ready = f"http://127.0.0.1:{port}/health/live"
    with process(["-m", "muster", "api"], environment, ready, "api.log") as started:
        yield port, started


def by_turns(place: Place, servers: Sequence[MeasuredServer]) -> FiguresByServer:
    """Medians over the rounds; in each round every server has its turn."""
    for server in servers:
        for requests in server.requests.values():
            _load(server, requests, CONNECTIONS[0], WARM_UP_SECONDS)
    rounds = [{server.name: _round(server, place.seconds) for server in servers} for _ in range(place.rounds)]
    return {
        server.name: {key: medians([one[server.name][key] for one in rounds]) for key in rounds[0][server.name]}
        for server in servers
    }


def _round(server: MeasuredServer, seconds: float) -> dict[Case, Figures]:
    """Every case at every number of connections, after a moment of warming up."""
    figures = {}
    for case, requests in server.requests.items():
        _load(server, requests, CONNECTIONS[0], AGAIN_WARM_SECONDS)
        for connections in CONNECTIONS:
            before = cpu_seconds(server.process)
            loaded = _load(server, requests, connections, seconds)
            assert not loaded["errors"], (server.name, case, loaded)
            cpu_ms = (cpu_seconds(server.process) - before) / loaded["requests"] * 1000
            figures[case, connections] = {
                "cpu_ms": cpu_ms,
                **{name: loaded[name] for name in ("per_second", "p50_ms", "p99_ms")},
            }
    return figures


def _load(server: MeasuredServer, requests: Sequence[bytes], connections: int, seconds: float) -> dict[str, float]:
    job = {
        "host": "127.0.0.1",
        "port": server.port,
        "requests": requests,
        "connections": connections,
        "seconds": seconds,
    }
    (DATA / "job.pickle").write_bytes(pickle.dumps(job))
    done = subprocess.run(
        [sys.executable, "-m", "bench.load", str(DATA / "job.pickle")], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    if done.stderr:
        print(done.stderr.decode())
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def beside(found: FiguresByServer, case: Case, name: str, other: str, label: str) -> Result:
    """The line of one server, with its figures as ratios to those of another in the same run."""
    ours, theirs = found[name][case], found[other][case]
    return Result(label, ours, other, {figure: ours[figure] / theirs[figure] for figure in ours})
