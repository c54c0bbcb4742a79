"""The bound for one change: a bare application that passes on what Redis publishes on CHANNEL.

`python -m bench.bare_relay PORT REDIS_URL`"""

import os
import sys
from typing import Final

from redis.asyncio import Redis

from bench.bare_sockets import Bare, serve

CHANNEL: Final = "bench:relay"


class Relay(Bare):
    def __init__(self, redis_url: str) -> None:
        super().__init__(rate=0)
        self.redis = Redis.from_url(redis_url)

    async def _send_all(self) -> None:
        async with self.redis.pubsub() as heard:
            await heard.subscribe(CHANNEL)
            async for message in heard.listen():
                for send in self.open if message["type"] == "message" else ():
                    await send({"type": "websocket.send", "text": message["data"].decode()})


def create() -> Relay:
    return Relay(os.environ["BARE_REDIS_URL"])


if __name__ == "__main__":
    os.environ["BARE_REDIS_URL"] = sys.argv[2]
    serve("bench.bare_relay:create", int(sys.argv[1]))
