"""The bound: the same SQL through asyncpg, rows sent as JSON by a bare ASGI application.

`python -m bench.bare PORT DATABASE_URL FILE`: FILE holds the statements of each request, by case and number."""

import os
import pickle
import sys
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import uvicorn


class Bare:
    """Answers `GET /CASE/NUMBER` with the rows of that request's statements."""

    def __init__(self, url: str, statements: dict[str, list[list[tuple[str, tuple[Any, ...]]]]]) -> None:
        self.url = url
        self.statements = {
            f"/{case}/{number}": one for case, all_of in statements.items() for number, one in enumerate(all_of)
        }

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            self.pool = await asyncpg.create_pool(self.url, min_size=2, max_size=10, reset=_nothing)
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await self.pool.close()
            await send({"type": "lifespan.shutdown.complete"})
            return
        answers = []
        for sql, arguments in self.statements.get(scope["path"], ()):
            answers.append([dict(row) for row in await self.pool.fetch(sql, *arguments)])
        body = orjson.dumps(answers)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _nothing(_: Any) -> None:
    """Resets nothing when a connection goes back to the pool."""


def create() -> Bare:
    return Bare(os.environ["BARE_URL"], pickle.loads(Path(os.environ["BARE_FILE"]).read_bytes()))


if __name__ == "__main__":
    os.environ["BARE_URL"], os.environ["BARE_FILE"] = sys.argv[2], sys.argv[3]
    uvicorn.run(
        "bench.bare:create",
        factory=True,
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        ws="none",
        server_header=False,
        access_log=False,
        log_level="warning",
    )
