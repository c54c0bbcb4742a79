"""Clients and audits of other projects work with the server. They need Node and their npm packages."""

from collections.abc import AsyncIterator

import pytest

from tests.kit.api import application, bearer_of, serving
from tests.kit.clients import install_node_packages, node
from tests.kit.toys import toy_schema
from tests.kit.workspaces import new_workspace

pytestmark = pytest.mark.timeout(300)  # the first one installs what it needs


@pytest.fixture(scope="module", autouse=True)
def _packages() -> None:
    install_node_packages()


@pytest.fixture(scope="module")
async def address() -> AsyncIterator[str]:
    async with serving(application(toy_schema())) as server:
        yield server


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


@pytest.mark.parametrize("method", ["post", "get"])
async def test_apollos_link_sends_a_document_once_and_then_its_digest(address: str, method: str) -> None:
    lines = await node("persisted.mjs", f"http://{address}/graphql", method)
    first, rest = ("GET", "GET") if method == "get" else ("POST", "POST")
    asked = [(line["method"], line["hasQuery"], line["status"]) for line in lines if "status" in line]
    assert asked in (
        [(first, False, 200), ("POST", True, 200), (rest, False, 200), (rest, False, 200)],
        [(rest, False, 200)] * 3,  # the other method has registered it before
    )
    answers = [[toy["name"] for toy in line["data"]["plainToys"]] for line in lines if "data" in line]
    assert answers == [["toy 1", "toy 2"]] * 3


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
