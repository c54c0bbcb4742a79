"""Which statements go straight to a node: those of a task that reads a workspace, outside of transactions."""

import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar, Token
from typing import Final

import asyncpg

from models.db.direct.connections import Connections
from models.db.direct.whereabouts import Address, Find, Whereabouts

REST_SECONDS: Final = 600.0
"""Connections to a node that nothing was read at for so long are closed: it may have left the cluster."""

_workspace_id: ContextVar[int | None] = ContextVar("workspace that is read at its node", default=None)


class read_at_node:  # noqa: N801 - a context manager; as a generator it would cost each operation more
    """Inside the block, statements outside of a transaction may go to the node that holds the workspace.

    They must only read, and nothing of distribution.LOCAL. None: they go to the coordinator.
    """

    __slots__ = ("_token", "_workspace")

    def __init__(self, workspace_id: int | None) -> None:
        self._workspace = workspace_id

    def __enter__(self) -> None:
        self._token: Token[int | None] = _workspace_id.set(self._workspace)

    def __exit__(self, *_: object) -> None:
        _workspace_id.reset(self._token)


def may_be_at_a_node() -> bool:
    """Whether this task is in such a block, on a cluster or not."""
    return _workspace_id.get() is not None


def reads_at_node() -> bool:
    """Whether this task's statements go to a node, if there is a connection: they are not to be mixed with those of others."""
    return _reads is not None and _workspace_id.get() is not None


class NodeReads:
    """This process's connections to the nodes of a cluster, at most `most` to each."""

    def __init__(
        self,
        find: Find,
        open_connection: Callable[[Address, int], Awaitable[asyncpg.Connection]],
        most: int,
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_connection, self._most, self._now = open_connection, most, now
        self._whereabouts = Whereabouts(find, now=now)
        self._by_node: dict[Address, Connections] = {}
        self._rest_at = now() + REST_SECONDS

    def connections(self, workspace_id: int) -> Connections | None:
        """Returns those to the node that holds the workspace; None while it is not known."""
        address = self._whereabouts.node_of(workspace_id)
        if address is None:
            return None
        found = self._by_node.get(address)
        if found is None:
            found = self._by_node[address] = self._to(address)
        found.some_workspace = workspace_id
        if self._now() >= self._rest_at:
            self._let_rest()
        return found

    def known_node_of(self, workspace_id: int) -> Address | None:
        """Returns the node that holds the workspace; None while it is not known, and nobody is asked."""
        return self._whereabouts.known_node_of(workspace_id)

    def _to(self, address: Address) -> Connections:
        def open_one(workspace_id: int) -> Awaitable[asyncpg.Connection]:
            return self._open_connection(address, workspace_id)

        return Connections(f"{address.host}:{address.port}", open_one, self._most, now=self._now)

    def _let_rest(self) -> None:
        self._rest_at = self._now() + REST_SECONDS
        for connections in self._by_node.values():
            if connections.used_at < self._now() - REST_SECONDS:
                connections.rest()

    async def close(self) -> None:
        await self._whereabouts.close()
        for connections in self._by_node.values():
            await connections.close()


_reads: NodeReads | None = None


def use(reads: NodeReads | None) -> NodeReads | None:
    """Sets how this process reads at nodes; None where there are none. Returns what was set before."""
    global _reads
    before, _reads = _reads, reads
    return before


def known_node_of(workspace_id: int) -> Address | None:
    """Returns the node of a workspace, where there are nodes and it is known: what fails there need not fail elsewhere."""
    return None if _reads is None else _reads.known_node_of(workspace_id)


def node_of_reader() -> Connections | None:
    """Returns the connections to the node of the workspace that this task reads, where there is one."""
    if _reads is None:
        return None
    workspace_id = _workspace_id.get()
    return None if workspace_id is None else _reads.connections(workspace_id)
