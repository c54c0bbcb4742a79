"""Nodes are found by their global ids, by those who may see them."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from models.errors import Forbidden
from permissions.capabilities import Permission
from permissions.principal import SYSTEM, Principal, PrincipalKind, Scope
from schema.server.guard import ANYONE
from schema.server.ids import to_global_id
from schema.server.types.nodes import NODES, find_nodes, node

loads: list[list[int]] = []


@pytest.fixture(autouse=True)
def _toys() -> Iterator[None]:
    @node("TestToy", ANYONE)
    async def toys_by_ids(_scope: Scope, ids: Sequence[int]) -> list[Any]:
        loads.append(list(ids))
        return [{"id": row_id} for row_id in ids if row_id < 10]

    loads.clear()
    yield
    del NODES["TestToy"]


async def test_nodes_come_in_the_order_of_their_ids_and_are_loaded_together() -> None:
    ids = [to_global_id("TestToy", row_id) for row_id in (3, 1, 99, 3)] + ["nonsense", to_global_id("Nothing", 1)]
    nodes = await find_nodes(Scope(1, SYSTEM), ids)
    assert [found and (found.typename, found["id"]) for found in nodes] == [
        ("TestToy", 3), ("TestToy", 1), None, ("TestToy", 3), None, None,
    ]  # fmt: skip
    assert loads == [[1, 3, 99]]


async def test_a_node_that_the_caller_may_not_see_is_forbidden() -> None:
    node("TestToy", Permission.CONTACT_READ)(NODES["TestToy"].load)
    with pytest.raises(Forbidden, match="to see a TestToy needs the permission"):
        await find_nodes(Scope(1, Principal(PrincipalKind.TOKEN, 1, frozenset())), [to_global_id("TestToy", 1)])
    assert loads == []
