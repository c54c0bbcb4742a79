"""Several API processes on one port give the metrics of all of them."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from muster.shared_metrics import forget_the_dead
from tests.kit.api_processes import api_of_two_processes


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
    async with api_of_two_processes(another_database, redis_url, tmp_path) as url:
        yield url


async def test_each_process_gives_the_counts_of_all(api: str) -> None:
    for _ in range(30):
        async with httpx.AsyncClient() as client:  # a connection of its own, for either process
            await client.post(f"{api}/graphql", json={"query": "{ viewer { workspace { id } } }"})
    line = 'muster_graphql_operations_total{code="UNAUTHENTICATED",type="query"} 30.0'
    for _ in range(6):
        async with httpx.AsyncClient() as client:
            assert line in (await client.get(f"{api}/metrics")).text.splitlines()
