"""Several API processes on one port give the metrics of all of them."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from muster.shared_metrics import forget_the_dead


def test_what_dead_processes_said_of_the_present_is_removed_and_counts_stay(tmp_path: Path) -> None:
    kept = {f"gauge_livesum_{os.getpid()}.db", "counter_999999999.db", "histogram_999999999.db"}
    folder = tmp_path / "metrics"
    folder.mkdir()
    for name in kept | {"gauge_livesum_999999999.db"}:
        (folder / name).touch()
    forget_the_dead(folder)
    assert {path.name for path in folder.iterdir()} == kept


@pytest.fixture
async def api(another_database: str, redis_url: str, tmp_path: Path) -> AsyncIterator[str]:
    """The address of an API of two processes."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
    settings = {
        "MUSTER_DATABASE_URL": another_database,
        "MUSTER_REDIS_URL": redis_url,
        "MUSTER_DATA_DIR": str(tmp_path),
        "MUSTER_PORT": str(port),
        "MUSTER_API_PROCESSES": "2",
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "muster", "api", env=kept | settings)
    url = f"http://127.0.0.1:{port}"
    try:
        await _until_it_answers(url)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 30)


async def _until_it_answers(url: str) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(600):
            try:
                if (await client.get(f"{url}/health/live")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
    raise AssertionError("the API does not answer")


async def test_each_process_gives_the_counts_of_all(api: str) -> None:
    for _ in range(30):
        async with httpx.AsyncClient() as client:  # a connection of its own, for either process
            await client.post(f"{api}/graphql", json={"query": "{ viewer { workspace { id } } }"})
    line = 'muster_graphql_operations_total{code="UNAUTHENTICATED",type="query"} 30.0'
    for _ in range(6):
        async with httpx.AsyncClient() as client:
            assert line in (await client.get(f"{api}/metrics")).text.splitlines()
