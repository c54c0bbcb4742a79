"""Serves the API on one port, commands under /sandbox on another."""

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web

from sandbox.meta.checks import ApiError, invalid
from sandbox.meta.faults import Command, Fault, error_of
from sandbox.meta.provider import Sandbox
from sandbox.server import SandboxServer, answer_of, token_of

SLOW_SECONDS = 2.0

_LIMITED_MINUTES = 1

_LARGEST_PAGE = 100


class Server(SandboxServer):
    page = "docs/meta-sandbox.md"

    def __init__(self, sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0, control_port: int = 0) -> None:
        super().__init__(host, port, control_port)
        self.sandbox = sandbox

    # ------------------------------------------------------------ the API

    def api(self) -> web.Application:
        app = web.Application(middlewares=[self._answered], client_max_size=64 * 2**20)
        app.router.add_get(r"/{version}/act_{account:\d+}", self._account)
        app.router.add_get(r"/{version}/act_{account:\d+}/customaudiences", self._list)
        app.router.add_post(r"/{version}/act_{account:\d+}/customaudiences", self._create)
        app.router.add_post(r"/{version}/{audience:\d+}/users", self._users("add"))
        app.router.add_delete(r"/{version}/{audience:\d+}/users", self._users("remove"))
        app.router.add_post(r"/{version}/{audience:\d+}/usersreplace", self._users("replace"))
        app.router.add_get(r"/{version}/{audience:\d+}", self._read)
        app.router.add_delete(r"/{version}/{audience:\d+}", self._delete)
        return app

    @web.middleware
    async def _answered(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Token and refusals are the same for all calls, and so is the header of usage."""
        minutes = 0
        try:
            self.sandbox.require_token(token_of(request))
            response: web.StreamResponse = await handler(request)
        except ApiError as refusal:
            self.sandbox.refusals[str(refusal.code)] += 1
            minutes = _LIMITED_MINUTES if refusal.code == 80003 else 0
            response = answer_of(refusal.body, refusal.status)
        response.headers["X-Business-Use-Case-Usage"] = self._usage(minutes)
        return response

    def _usage(self, minutes: int) -> str:
        percent = 100 if minutes else self.sandbox.usage_percent
        usage = {
            "type": "custom_audience",
            "call_count": percent,
            "total_cputime": 1,
            "total_time": 1,
            "estimated_time_to_regain_access": minutes,
        }
        return orjson.dumps({self.sandbox.account_id: [usage]}).decode()

    async def _with_fault(self, request: web.Request, call: str, do: Callable[[], Any]) -> web.StreamResponse:
        """Does what is asked, unless a fault says otherwise."""
        self.sandbox.calls[call] += 1
        fault = self.sandbox.faults.of(call, request.match_info.get("audience"))
        error = None if fault is None else error_of(fault)
        if error is not None:
            raise error
        if fault is Fault.NOT_JSON:
            return web.Response(text="<html>Bad Gateway</html>", status=502, content_type="text/html")
        if fault is Fault.HANGS:
            await asyncio.sleep(3600)
        answer = None if fault is Fault.CUT else do()
        if fault in (Fault.CUT, Fault.LOST_ANSWER) and request.transport is not None:
            request.transport.abort()
        if fault is Fault.SLOW:
            await asyncio.sleep(SLOW_SECONDS)
        return answer_of(answer)

    async def _account(self, request: web.Request) -> web.StreamResponse:
        return answer_of(self.sandbox.account(request.match_info["account"]))

    async def _list(self, request: web.Request) -> web.StreamResponse:
        self.sandbox.account(request.match_info["account"])
        size, start = int(request.query.get("limit", "25")), int(request.query.get("after", "0"))
        if size > _LARGEST_PAGE:
            raise ApiError(500, 1, "Please reduce the amount of data you're asking for, then retry your request")
        found = list(self.sandbox.audiences.values())
        page = [{"id": one.id, "name": one.name, "description": one.description} for one in found[start : start + size]]
        more = {"next": "more"} if start + size < len(found) else {}
        return answer_of(
            {"data": page, "paging": {"cursors": {"before": str(start), "after": str(start + size)}, **more}}
        )

    async def _create(self, request: web.Request) -> web.StreamResponse:
        body = _json(await request.read())
        account = request.match_info["account"]
        return await self._with_fault(request, "create", lambda: {"id": self.sandbox.create(account, body)})

    async def _read(self, request: web.Request) -> web.StreamResponse:
        return await self._with_fault(request, "read", lambda: self.sandbox.read(request.match_info["audience"]))

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        def delete() -> dict[str, bool]:
            self.sandbox.delete(request.match_info["audience"])
            return {"success": True}

        return await self._with_fault(request, "delete", delete)

    def _users(self, kind: str) -> Any:
        async def receive(request: web.Request) -> web.StreamResponse:
            body = _json(await request.read())

            def do() -> Any:
                answer = self.sandbox.receive(kind, request.match_info["audience"], body)
                self.sandbox.rows[kind] += len(body["payload"]["data"])
                return answer

            return await self._with_fault(request, kind, do)

        return receive

    # ------------------------------------------------------------ commands

    def control(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/sandbox", self._report)
        app.router.add_get("/sandbox/audiences/{audience}", self._people)
        return app

    async def _report(self, _: web.Request) -> web.Response:
        return answer_of(self.sandbox.report())

    async def _people(self, request: web.Request) -> web.Response:
        """Who is there, as rows of ?schema=EXTERN_ID,EMAIL."""
        schema = request.query.get("schema", "EXTERN_ID").split(",")
        try:
            people = self.sandbox.people(request.match_info["audience"], schema)
        except (KeyError, ValueError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=404)
        return answer_of({"schema": schema, "people": sorted(people)})

    async def do_faults(self, arguments: dict[str, Any]) -> None:
        """{"faults": [{"fault": .., "call": .., "audience": .., "times": .., "share": ..}], "invalid": [hash, ..]}"""
        faults = [Command(**{**fault, "fault": Fault(fault["fault"])}) for fault in arguments.get("faults", [])]
        self.sandbox.faults.set(faults)
        self.sandbox.faults.invalid = frozenset(arguments.get("invalid", ()))

    async def do_account(self, arguments: dict[str, Any]) -> None:
        """{"token": .., "smallest": .., "usage_percent": ..}"""
        self.sandbox.token = arguments.get("token", self.sandbox.token)
        self.sandbox.smallest = int(arguments.get("smallest", self.sandbox.smallest))
        self.sandbox.usage_percent = float(arguments.get("usage_percent", self.sandbox.usage_percent))

    async def do_later(self, arguments: dict[str, Any]) -> None:
        """{"seconds": ..}: the clock of sessions moves on."""
        self.sandbox.sessions.skipped_seconds += float(arguments["seconds"])


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise invalid("the body is not JSON.") from None
