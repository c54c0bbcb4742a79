"""Servers under the same load by turns."""

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
"""Before the first round, for what is compiled at run time; before each turn."""

Figures = dict[str, float]
"""cpu_ms (of the server's process, per request), per_second, p50_ms, p99_ms."""

Case = tuple[str, int]
"""The requests, and the number of connections."""

Rounds = dict[str, dict[Case, list[Figures]]]
"""By server and case."""


@dataclass
class MeasuredServer:
    """The bytes of requests are by case."""

    name: str
    port: int
    process: psutil.Process
    requests: Mapping[str, Sequence[bytes]]


@contextmanager
def api(place: Place, url: str, **settings: str) -> Iterator[tuple[int, psutil.Process]]:
    port = free_port()
    environment = place.environment(url, MUSTER_PORT=str(port), MUSTER_API_PROCESSES="1", **settings)
    ready = f"http://127.0.0.1:{port}/health/live"
    with process(["-m", "muster", "api"], environment, ready, "api.log") as started:
        yield port, started


def by_turns(place: Place, servers: Sequence[MeasuredServer]) -> Rounds:
    """One server right after the other, so that drift of the machine affects all."""
    cases = [(name, connections) for name in servers[0].requests for connections in CONNECTIONS]
    for server in servers:
        for name in server.requests:
            _load(server, (name, CONNECTIONS[0]), WARM_UP_SECONDS)
    found: Rounds = {server.name: {case: [] for case in cases} for server in servers}
    for _ in range(place.rounds):
        for case in cases:
            for server in servers:
                _load(server, case, AGAIN_WARM_SECONDS)
                found[server.name][case].append(_measured(server, case, place.seconds))
    return found


def _measured(server: MeasuredServer, case: Case, seconds: float) -> Figures:
    before = cpu_seconds(server.process)
    loaded = _load(server, case, seconds)
    assert not loaded["errors"], (server.name, case, loaded)
    cpu_ms = (cpu_seconds(server.process) - before) / loaded["requests"] * 1000
    return {"cpu_ms": cpu_ms, **{name: loaded[name] for name in ("per_second", "p50_ms", "p99_ms")}}


def _load(server: MeasuredServer, case: Case, seconds: float) -> dict[str, float]:
    job = {
        "host": "127.0.0.1",
        "port": server.port,
        "requests": server.requests[case[0]],
        "connections": case[1],
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


def beside(found: Rounds, case: Case, name: str, other: str, label: str) -> Result:
    """Ratios are medians of each round's ratio."""
    pairs = zip(found[name][case], found[other][case], strict=True)
    ratios = [{figure: ours[figure] / theirs[figure] for figure in ours} for ours, theirs in pairs]
    return Result(label, medians(found[name][case]), other, medians(ratios))


def alone(found: Rounds, case: Case, name: str) -> Result:
    return Result(f"  {name}", medians(found[name][case]))
