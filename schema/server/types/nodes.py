"""Relay's nodes: rows by global id.

Loaders return rows of the scope's workspace. A loader for an interface is registered once for each of its types.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
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

Moved = Callable[[Scope, Sequence[int]], Awaitable[Mapping[int, int]]]
"""Says where rows are that went into others, by their own ids: an id once given always answers."""


@dataclass(frozen=True, slots=True)
class NodeKind:
    needs: Needed
    load: NodeLoader
    moved: Moved | None = None


NODES: dict[str, NodeKind] = {}
"""By the name of the GraphQL type."""


def node(kind: str, needs: Needed, moved: Moved | None = None) -> Callable[[NodeLoader], NodeLoader]:
    def register(load: NodeLoader) -> NodeLoader:
        NODES[kind] = NodeKind(needs, load, moved)
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
        for row_id, row in (await _loaded(scope, NODES[kind], ids)).items():
            nodes[kind, row_id] = Named(kind, row)
    return [None if key is None else nodes.get(key) for key in keys]


async def _loaded(scope: Scope, kind: NodeKind, ids: set[int]) -> dict[int, Any]:
    rows = {read(row, "id"): row for row in await kind.load(scope, sorted(ids))}
    missing = sorted(ids - rows.keys())
    if missing and kind.moved is not None:
        moved = await kind.moved(scope, missing)
        there = {read(row, "id"): row for row in await kind.load(scope, sorted(set(moved.values())))}
        rows |= {row_id: there[now] for row_id, now in moved.items() if now in there}
    return rows


def _admit(scope: Scope, kind: str) -> None:
    needs = NODES[kind].needs
    if isinstance(needs, Permission) and not allows(scope.principal, needs):
        raise Forbidden(f"to see a {kind} needs the permission {needs.value}")
