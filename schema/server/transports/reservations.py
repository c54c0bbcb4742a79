"""Event streams that are reserved and that nobody listens to yet.

Everybody who reaches the server may reserve one, so the limits hold before a caller is looked up, and a reservation ends soon.
"""

import asyncio
import secrets
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from models.errors import Throttled
from schema.server.transports.stream import Stream, StreamLimits

MOST_WAITING: Final = 5_000
"""How many streams all addresses together can reserve."""


@dataclass(slots=True)
class Reservations:
    limits: StreamLimits
    streams: dict[str, Stream] = field(default_factory=dict)
    """Streams by token, until they end."""
    waiting: dict[str, str | None] = field(default_factory=dict)
    """Addresses that reserved a stream and do not listen yet, by the stream's token."""
    waiting_by_address: Counter[str | None] = field(default_factory=Counter)

    def check_room(self, address: str | None) -> None:
        """Raises Throttled when an address, or all together, have reserved too many streams."""
        most = self.limits.waiting_per_address
        if self.waiting_by_address[address] >= most or len(self.waiting) >= MOST_WAITING:
            raise Throttled(
                f"at most {most} event streams can be reserved at a time: listen to those that you have, or try again later",
                self.limits.reserved_seconds,
            )

    def reserve(self, address: str | None) -> str:
        """Reserves a stream and returns its token. Raises Throttled."""
        self.check_room(address)
        token = secrets.token_urlsafe(24)
        self.streams[token] = Stream(self.limits)
        self.waiting[token] = address
        self.waiting_by_address[address] += 1
        asyncio.get_running_loop().call_later(self.limits.reserved_seconds, self._expire, token)
        return token

    def find(self, token: str | None) -> Stream | None:
        return self.streams.get(token or "")

    def listen(self, token: str) -> None:
        """Notes that somebody listens to the stream from now on."""
        if token not in self.waiting:
            return
        address = self.waiting.pop(token)
        self.waiting_by_address[address] -= 1
        if not self.waiting_by_address[address]:
            del self.waiting_by_address[address]

    def drop(self, token: str) -> None:
        self.listen(token)
        stream = self.streams.pop(token, None)
        if stream is not None:
            stream.stop()

    def _expire(self, token: str) -> None:
        if token in self.waiting:
            self.drop(token)
