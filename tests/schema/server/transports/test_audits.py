"""Clients and audits of other projects work with the server. They need Node and their npm packages."""

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
async def address() -> AsyncIterator[str]:
    async with serving(application(toy_schema())) as server:
        yield server


async def node(script: str, *arguments: str) -> list[Any]:
    """What a script prints, line by line."""
    process = await asyncio.create_subprocess_exec(
        "node", script, *arguments, cwd=NODE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    return [orjson.loads(line) for line in out.splitlines()]


async def test_all_audits_of_graphql_over_http_pass(address: str) -> None:
    verdicts = await node("audits.mjs", f"http://{address}/graphql")
    assert len(verdicts) >= 60
    assert [verdict for verdict in verdicts if verdict["status"] != "ok"] == []


COUNTED = [{"next": {"data": {"counting": number}}} for number in (1, 2, 3)] + [{"complete": True}]


async def test_the_client_of_graphql_ws_listens_to_the_end(address: str) -> None:
    messages = await node("socket.mjs", f"ws://{address}/graphql", "subscription { counting }", "", "0")
    assert messages[:4] == COUNTED


async def test_the_client_of_graphql_ws_runs_queries_and_can_stop(database: str, address: str) -> None:
    del database
    bearer = f"Bearer {await bearer_of(await new_workspace())}"
    messages = await node("socket.mjs", f"ws://{address}/graphql", "{ who }", bearer, "0")
    assert messages[0]["next"]["data"] == {"who": "MEMBER 1"}
    messages = await node("socket.mjs", f"ws://{address}/graphql", "subscription { toyMade { name } }", bearer, "2")
    assert [line["next"]["data"]["toyMade"]["name"] for line in messages[:2]] == ["toy 1", "toy 2"]


async def test_the_client_of_graphql_ws_learns_that_its_token_is_not_good(database: str, address: str) -> None:
    del database
    messages = await node("socket.mjs", f"ws://{address}/graphql", "{ __typename }", "Bearer nonsense", "0")
    assert {
        "closed": 4403,
        "reason": "Forbidden: the bearer token is not good, or no longer: sign in again",
    } in messages


@pytest.mark.parametrize("mode", ["distinct", "single"])
async def test_the_client_of_graphql_sse_listens_to_the_end(address: str, mode: str) -> None:
    messages = await node("events.mjs", f"http://{address}/graphql", "subscription { counting }", "", "0", mode)
    assert messages == COUNTED


@pytest.mark.parametrize("mode", ["distinct", "single"])
async def test_the_client_of_graphql_sse_can_stop(database: str, address: str, mode: str) -> None:
    del database
    bearer = f"Bearer {await bearer_of(await new_workspace())}"
    query = "subscription { toyMade { name } }"
    messages = await node("events.mjs", f"http://{address}/graphql", query, bearer, "2", mode)
    assert [line["next"]["data"]["toyMade"]["name"] for line in messages if "next" in line][:2] == ["toy 1", "toy 2"]
    assert messages[-1] == {"complete": True}
