"""Everything a client may hold on to, found again by its id: each noun registers how its rows are fetched.

    @node("Contact", Permission.CONTACT_READ)
    async def contacts_by_number(scope: Scope, numbers: Sequence[int]) -> Iterable[Row]: ...

The rows carry their number in the column `id`, and those of other workspaces are not among them. A loader whose rows
are of an interface (jobs) is registered once for each of the types."""

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
    """Something with an outside id."""

    id: strawberry.ID


NodeLoader = Callable[[Scope, Sequence[int]], Awaitable[Iterable[Any]]]


@dataclass(frozen=True, slots=True)
class NodeKind:
    """How rows of one type are fetched, and what it takes to see them."""

    needs: Needed
    load: NodeLoader


NODES: dict[str, NodeKind] = {}
"""The kinds of node, by the name of their GraphQL type."""


def node(kind: str, needs: Needed) -> Callable[[NodeLoader], NodeLoader]:
    """Register a function that fetches rows of `kind` for callers who hold `needs`."""

    def register(load: NodeLoader) -> NodeLoader:
        NODES[kind] = NodeKind(needs, load)
        return load

    return register


async def find_nodes(scope: Scope, outside_ids: Sequence[str]) -> list[Named | None]:
    """The things behind these ids, in their order; None where there is none that this scope's workspace holds.

    Raises Forbidden when the caller may not see things of one of the kinds.
    """
    wanted: dict[str, set[int]] = {}
    places = [split_global_id(outside_id) for outside_id in outside_ids]
    for place in places:
        if place is not None and place[0] in NODES:
            wanted.setdefault(place[0], set()).add(place[1])
    found: dict[tuple[str, int], Named] = {}
    for kind, numbers in wanted.items():
        _admit(scope, kind)
        for row in await NODES[kind].load(scope, sorted(numbers)):
            found[kind, read(row, "id")] = Named(kind, row)
    return [None if place is None else found.get(place) for place in places]


def _admit(scope: Scope, kind: str) -> None:
    needs = NODES[kind].needs
    if isinstance(needs, Permission) and not allows(scope.principal, needs):
        raise Forbidden(f"to see a {kind} needs the permission {needs.value}")
