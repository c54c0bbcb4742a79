"""A client of GraphQL, as a single-page app is one."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp


class App:
    """Speaks HTTP and WebSocket, with a URL and a token."""

    def __init__(self, session: aiohttp.ClientSession, address: str) -> None:
        self.session = session
        self.address = address

    async def ask(self, query: str, **variables: Any) -> Any:
        async with self.session.post(
            f"http://{self.address}/graphql", json={"query": query, "variables": variables}
        ) as response:
            answer = await response.json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def do(self, mutation: str, **variables: Any) -> Any:
        """The payload of a mutation, which has no errors."""
        (payload,) = (await self.ask(mutation, **variables)).values()
        assert payload["userErrors"] == []
        return payload

    async def until(self, query: str, holds, seconds: float = 90, **variables: Any) -> Any:
        """Ask again until `holds(data)`."""
        ends_at = asyncio.get_running_loop().time() + seconds
        while True:
            data = await self.ask(query, **variables)
            if holds(data):
                return data
            assert asyncio.get_running_loop().time() < ends_at, data
            await asyncio.sleep(0.05)

    async def follow(self, subscription: str, **variables: Any) -> AsyncIterator[Any]:
        """The events of a subscription, over a WebSocket."""
        async with self.session.ws_connect(
            f"ws://{self.address}/graphql", protocols=["graphql-transport-ws"]
        ) as socket:
            await socket.send_json({"type": "connection_init", "payload": dict(self.session.headers)})
            assert (await socket.receive_json())["type"] == "connection_ack"
            payload = {"query": subscription, "variables": variables}
            await socket.send_json({"id": "1", "type": "subscribe", "payload": payload})
            while (message := await socket.receive_json())["type"] in ("next", "ping"):
                if message["type"] == "ping":
                    await socket.send_json({"type": "pong"})
                else:
                    yield message["payload"]["data"]
            assert message["type"] == "complete", message
