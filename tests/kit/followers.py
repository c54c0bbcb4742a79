"""Apps that follow the membership log by WebSocket or server-sent events, and go on from their last cursor."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import aiohttp
import orjson

from models.changelog.cursor import from_cursor, to_cursor
from models.changelog.members import MEMBERS
from models.changelog.tail import TAIL
from permissions.principal import Scope

FOLLOW = """subscription ($after: ChangeCursor, $segmentIds: [ID!]) {
    membershipChanges(after: $after, segmentIds: $segmentIds) { cursor segmentId } }"""


async def over_a_socket(session: aiohttp.ClientSession, address: str, variables: dict[str, Any]) -> AsyncIterator[Any]:
    """The payloads of a subscription, to its end; errors as payloads with `errors`."""
    async with session.ws_connect(f"ws://{address}/graphql", protocols=["graphql-transport-ws"]) as socket:
        await socket.send_json({"type": "connection_init", "payload": dict(session.headers)})
        await socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": FOLLOW, "variables": variables}})
        async for message in socket:
            read = orjson.loads(message.data)
            if read["type"] == "next":
                yield read["payload"]
            elif read["type"] == "ping":
                await socket.send_json({"type": "pong"})
            elif read["type"] == "error":
                yield {"errors": read["payload"]}
                return


async def as_events(session: aiohttp.ClientSession, address: str, variables: dict[str, Any]) -> AsyncIterator[Any]:
    """The same, as server-sent events."""
    body, headers = {"query": FOLLOW, "variables": variables}, {"accept": "text/event-stream"}
    async with session.post(f"http://{address}/graphql", json=body, headers=headers) as response:
        async for line in response.content:
            if line.startswith(b"data: {"):
                yield orjson.loads(line[6:])


class Partner:
    """Keeps the changes that it received, by position."""

    def __init__(
        self, scope: Scope, session: aiohttp.ClientSession, address: str, segment_ids: list[str] | None = None
    ) -> None:
        self.scope, self.session, self.address, self.segment_ids = scope, session, address, segment_ids
        self.positions: list[int] = []
        self.connections = 0

    @property
    def cursor(self) -> str:
        return to_cursor(MEMBERS, self.scope.workspace_id, self.positions[-1] if self.positions else 0)

    async def follow(self, way: Any, most: int | None = None) -> None:
        """Go on from the last cursor, to the end of the connection or of `most` changes."""
        self.connections += 1
        variables = {"after": self.cursor, "segmentIds": self.segment_ids}
        async with aclosing(way(self.session, self.address, variables)) as payloads:
            async for payload in payloads:
                assert "errors" not in payload, payload
                self.positions.append(from_cursor(self.scope, MEMBERS, payload["data"]["membershipChanges"]["cursor"]))
                if len(self.positions) == most:
                    return

    async def has(self, positions: list[int], seconds: float = 30) -> None:
        """Wait until it has as many changes; they must be these."""
        await self._waits_for(len(positions), seconds)
        assert self.positions == positions

    async def has_begun(self, seconds: float = 30) -> None:
        """Wait until it has a change: from then on it is a follower, and no caller who is told to try again."""
        await self._waits_for(1, seconds)
        assert self.positions

    async def _waits_for(self, count: int, seconds: float) -> None:
        ends_at = asyncio.get_running_loop().time() + seconds
        while len(self.positions) < count and asyncio.get_running_loop().time() < ends_at:
            await asyncio.sleep(0.02)


async def subscribed(scope: Scope) -> None:
    """Returns when somebody in this process follows the log of the workspace."""
    async with asyncio.timeout(20):
        while scope.workspace_id not in TAIL.readers:
            await asyncio.sleep(0.05)
