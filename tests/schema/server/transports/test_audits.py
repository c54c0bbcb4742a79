"""What other people's clients and audits make of the server. With Node, and where npm can install their packages."""

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.kit.api import application, bearer_of, serving
from tests.kit.toys import toy_schema
from tests.kit.workspaces import new_workspace

NODE = Path(__file__).parents[3] / "node"


@pytest.fixture(scope="module", autouse=True)
def _packages() -> None:
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not on the PATH")
    stamp = NODE / "node_modules" / ".package-lock.json"
    if not stamp.exists() or stamp.stat().st_mtime < (NODE / "package-lock.json").stat().st_mtime:
        installed = subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund"], cwd=NODE, capture_output=True, text=True, timeout=120, check=False
        )
        if installed.returncode:
            pytest.skip(f"npm could not install the packages: {installed.stderr.strip().splitlines()[-1]}")
        stamp.touch()


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[str]:
    async with serving(application(toy_schema())) as address:
        yield address


async def node(script: str, *arguments: str) -> list[Any]:
    """What a script prints, line by line."""
    process = await asyncio.create_subprocess_exec(
        "node", script, *arguments, cwd=NODE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return [orjson.loads(line) for line in out.splitlines()]


async def test_all_audits_of_graphql_over_http_pass(place: str) -> None:
    verdicts = await node("audits.mjs", f"http://{place}/graphql")
    assert len(verdicts) >= 60
    assert [verdict for verdict in verdicts if verdict["status"] != "ok"] == []


COUNTED = [{"next": {"data": {"counting": number}}} for number in (1, 2, 3)] + [{"complete": True}]


async def test_the_client_of_graphql_ws_listens_to_the_end(place: str) -> None:
    said = await node("socket.mjs", f"ws://{place}/graphql", "subscription { counting }", "", "0")
    assert said[:4] == COUNTED


async def test_the_client_of_graphql_ws_runs_queries_and_can_stop(database: str, place: str) -> None:
    del database
    bearer = f"Bearer {await bearer_of(await new_workspace())}"
    said = await node("socket.mjs", f"ws://{place}/graphql", "{ who }", bearer, "0")
    assert said[0]["next"]["data"] == {"who": "MEMBER 1"}
    said = await node("socket.mjs", f"ws://{place}/graphql", "subscription { toyMade { name } }", bearer, "2")
    assert [line["next"]["data"]["toyMade"]["name"] for line in said[:2]] == ["toy 1", "toy 2"]


async def test_the_client_of_graphql_ws_is_told_that_its_token_is_not_good(database: str, place: str) -> None:
    del database
    said = await node("socket.mjs", f"ws://{place}/graphql", "{ __typename }", "Bearer nonsense", "0")
    assert {"closed": 4403, "reason": "Forbidden: the bearer token is not good, or no longer: sign in again"} in said


@pytest.mark.parametrize("mode", ["distinct", "single"])
async def test_the_client_of_graphql_sse_listens_to_the_end(place: str, mode: str) -> None:
    said = await node("events.mjs", f"http://{place}/graphql", "subscription { counting }", "", "0", mode)
    assert said == COUNTED


@pytest.mark.parametrize("mode", ["distinct", "single"])
async def test_the_client_of_graphql_sse_can_stop(database: str, place: str, mode: str) -> None:
    del database
    bearer = f"Bearer {await bearer_of(await new_workspace())}"
    query = "subscription { toyMade { name } }"
    said = await node("events.mjs", f"http://{place}/graphql", query, bearer, "2", mode)
    assert [line["next"]["data"]["toyMade"]["name"] for line in said if "next" in line][:2] == ["toy 1", "toy 2"]
    assert said[-1] == {"complete": True}
