"""`python -m bench.webhook_receiver PORT`: a partner that verifies each webhook and says when it did.

POST /expect {name: secret}, POST /hooks/NAME, POST /hang/NAME; GET /report gives what was verified since the last one.
"""

import asyncio
import sys
import time
from typing import Any

import orjson
import uvloop
from aiohttp import web
from standardwebhooks import Webhook


class Partner:
    """`times`: when each change was verified, by endpoint and contact."""

    def __init__(self) -> None:
        self.secrets: dict[str, Webhook] = {}
        self.forget()

    def forget(self) -> None:
        self.times: dict[str, dict[str, float]] = {}
        self.changes = self.requests = self.refused = 0
        self.first_at = self.last_at = 0.0

    async def expect(self, request: web.Request) -> web.Response:
        self.secrets |= {name: Webhook(secret) for name, secret in orjson.loads(await request.read()).items()}
        return web.Response()

    async def hook(self, request: web.Request) -> web.Response:
        name, body = request.match_info["name"], await request.read()
        try:
            read = self.secrets[name].verify(
                body.decode(), {key.lower(): value for key, value in request.headers.items()}
            )
        except Exception:
            self.refused += 1
            return web.Response(status=401)
        self._note(name, read)
        return web.Response()

    def _note(self, name: str, read: Any) -> None:
        now = time.time()
        self.requests += 1
        self.first_at, self.last_at = self.first_at or now, now
        changes = read["data"].get("changes", ())
        self.changes += len(changes)
        times = self.times.setdefault(name, {})
        for change in changes:
            times.setdefault(change["contactId"], now)

    async def hang(self, _: web.Request) -> web.Response:
        await asyncio.sleep(3600)
        return web.Response()

    async def report(self, _: web.Request) -> web.Response:
        report = {
            "times": self.times,
            "changes": self.changes,
            "requests": self.requests,
            "refused": self.refused,
            "seconds": self.last_at - self.first_at,
        }
        text = orjson.dumps(report)
        self.forget()
        return web.Response(body=text, content_type="application/json")

    async def progress(self, _: web.Request) -> web.Response:
        return web.json_response({"changes": self.changes})


def main() -> None:
    partner = Partner()
    app = web.Application(client_max_size=10_000_000)
    app.router.add_post("/expect", partner.expect)
    app.router.add_post("/hooks/{name}", partner.hook)
    app.router.add_post("/hang/{name}", partner.hang)
    app.router.add_get("/report", partner.report)
    app.router.add_get("/progress", partner.progress)
    uvloop.install()
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, print=None, shutdown_timeout=0.1)


if __name__ == "__main__":
    main()
