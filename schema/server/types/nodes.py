"""Relay's nodes: rows by global id.

Loaders return rows of the scope's workspace. A loader for an interface is registered once for each of its types.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry

from models.errors import Forbidden
from permissions.capabilities import Permission
from permissions.policy import allows
from permissions.principal import Scope
from schema.server.execution.rows import Named, read
from schema.server.guard import Needed
from schema.server.ids import split_global_id


@strawberry.interface(description="Relay's node: every stored thing that a client may hold on to.")
class Node:
    id: strawberry.ID


NodeLoader = Callable[[Scope, Sequence[int]], Awaitable[Iterable[Any]]]


@dataclass(frozen=True, slots=True)
class NodeKind:
    needs: Needed
    load: NodeLoader


NODES: dict[str, NodeKind] = {}
"""By the name of the GraphQL type."""


def node(kind: str, needs: Needed) -> Callable[[NodeLoader], NodeLoader]:
    def register(load: NodeLoader) -> NodeLoader:
        NODES[kind] = NodeKind(needs, load)
        return load

    return register


async def find_nodes(scope: Scope, global_ids: Sequence[str]) -> list[Named | None]:
    """Returns None for an id that the workspace does not have. Raises Forbidden without the permission to read it."""
    keys = [split_global_id(global_id) for global_id in global_ids]
    ids_by_kind: dict[str, set[int]] = {}
    for key in keys:
        if key is not None and key[0] in NODES:
            ids_by_kind.setdefault(key[0], set()).add(key[1])
    nodes: dict[tuple[str, int], Named] = {}
    for kind, ids in ids_by_kind.items():
        _admit(scope, kind)
        for row in await NODES[kind].load(scope, sorted(ids)):
            nodes[kind, read(row, "id")] = Named(kind, row)
    return [None if key is None else nodes.get(key) for key in keys]


def _admit(scope: Scope, kind: str) -> None:
    needs = NODES[kind].needs
    if isinstance(needs, Permission) and not allows(scope.principal, needs):
        raise Forbidden(f"to see a {kind} needs the permission {needs.value}")
