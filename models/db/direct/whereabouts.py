"""Which node holds a workspace, as far as this process knows."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import Context
from typing import Final, NamedTuple

import asyncpg
import structlog

log = structlog.get_logger(__name__)

KEPT_SECONDS: Final = 60.0
"""Shards move. What is old is not wrong, for each node answers for all; it is slower."""

MOST_KEPT: Final = 20_000
"""Workspaces; of those that are asked for least, this process knows nothing."""

MOST_AT_ONCE: Final = 1_000


class Address(NamedTuple):
    """Of a node, as the cluster knows it."""

    host: str
    port: int


Find = Callable[[Collection[int]], Awaitable[Mapping[int, Address]]]


class Whereabouts:
    """`find` returns the nodes of workspaces. It is called in the background, for all that wait, once at a time."""

    def __init__(self, find: Find, *, now: Callable[[], float] = time.monotonic) -> None:
        self._find, self._now = find, now
        self._known: OrderedDict[int, tuple[Address | None, float]] = OrderedDict()
        self._wanted: set[int] = set()
        self._looking: asyncio.Task[None] | None = None

    def node_of(self, workspace_id: int) -> Address | None:
        """Returns None at once when it is not known, or when there is no node for it but the coordinator."""
        known = self._known.get(workspace_id)
        if known is not None and self._now() < known[1]:
            self._known.move_to_end(workspace_id)
            return known[0]
        self._wanted.add(workspace_id)
        if self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._look(), context=Context())
        return None

    def known_node_of(self, workspace_id: int) -> Address | None:
        """Returns what `node_of` would, and asks nobody."""
        known = self._known.get(workspace_id)
        return known[0] if known is not None and self._now() < known[1] else None

    async def _look(self) -> None:
        try:
            while self._wanted:
                wanted = [self._wanted.pop() for _ in range(min(len(self._wanted), MOST_AT_ONCE))]
                self._keep(wanted, await self._found(wanted))
        finally:
            self._looking = None

    async def _found(self, wanted: Collection[int]) -> Mapping[int, Address]:
        """Where nothing can be said, statements go over the coordinator until it is asked again."""
        try:
            return await self._find(wanted)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            log.warning("the nodes of workspaces were not found", error=type(error).__name__)
            return {}

    def _keep(self, wanted: Collection[int], found: Mapping[int, Address]) -> None:
        until = self._now() + KEPT_SECONDS
        for workspace_id in wanted:
            self._known[workspace_id] = found.get(workspace_id), until
            self._known.move_to_end(workspace_id)
        while len(self._known) > MOST_KEPT:
            self._known.popitem(last=False)

    async def close(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])
