"""Serves the API on one port, commands under /sandbox on another."""

import asyncio
import contextlib
from typing import Any

import orjson
from aiohttp import web

from sandbox.whatsapp.checks import ApiError
from sandbox.whatsapp.faults import Command, Fault
from sandbox.whatsapp.limits import Throughput
from sandbox.whatsapp.provider import NUMBER_ID, Sandbox

PAGE = 25


class Server:
    """Port 0: any free one. Start and stop it in one event loop."""

    def __init__(self, sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0, control_port: int = 0) -> None:
        self.sandbox = sandbox
        self.host, self.port, self.control_port = host, port, control_port
        self._runners: dict[str, web.AppRunner] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The base URL of the API, without a version."""
        return f"http://{self.host}:{self.port}"

    @property
    def control_url(self) -> str:
        return f"http://{self.host}:{self.control_port}/sandbox"

    async def start(self) -> None:
        self.control_port = await self._listen("control", self._control(), self.control_port)
        await self.come_up()
        self._run_in_background(self.sandbox.webhooks.run())

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for runner in list(self._runners.values()):
            await runner.cleanup()
        self._runners.clear()

    async def come_up(self) -> None:
        if "api" not in self._runners:
            self.port = await self._listen("api", self._api(), self.port)

    async def go_down(self) -> None:
        """Closes and refuses connections, as a crash would; accepted messages stay accepted."""
        runner = self._runners.pop("api", None)
        if runner is not None:
            for connection in runner.server.connections if runner.server else ():
                if connection.transport is not None:
                    connection.transport.abort()
            await runner.cleanup()

    async def _listen(self, name: str, app: web.Application, port: int) -> int:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, self.host, port, backlog=1024)
        await site.start()
        self._runners[name] = runner
        return int(runner.addresses[0][1])

    def _run_in_background(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _api(self) -> web.Application:
        app = web.Application(middlewares=[_errors])
        app.router.add_post("/{version}/{number}/messages", self._messages)
        app.router.add_get("/{version}/{account}/message_templates", self._templates)
        app.router.add_get("/{version}/{account}/phone_numbers", self._numbers)
        app.router.add_get("/{version}/{number}", self._number)
        return app

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        message = _json(await request.read())
        outcome = self.sandbox.send(request.match_info["number"], _token(request), message)
        if outcome.cut and request.transport is not None:
            request.transport.abort()
            return web.Response()
        if outcome.delay_seconds:
            await asyncio.sleep(outcome.delay_seconds)
        return _answer(outcome.answer)

    async def _number(self, request: web.Request) -> web.Response:
        return _answer(self.sandbox.number_for(request.match_info["number"], _token(request)).shown())

    async def _numbers(self, request: web.Request) -> web.Response:
        numbers = self._of_account(request)
        return _answer({"data": [{"id": number.source.number_id} for number in numbers]})

    async def _templates(self, request: web.Request) -> web.Response:
        self._of_account(request)
        start = int(request.query.get("after", "0"))
        page = self.sandbox.templates[start : start + PAGE]
        more = start + PAGE < len(self.sandbox.templates)
        paging = {"cursors": {"before": str(start), "after": str(start + PAGE)}}
        return _answer({"data": page, "paging": {**paging, **({"next": "more"} if more else {})}})

    def _of_account(self, request: web.Request) -> list[Any]:
        account = request.match_info["account"]
        found = [n for n in self.sandbox.numbers.values() if n.source.business_account_id == account]
        if not found:
            raise ApiError(400, 100, "Unsupported request", "There is no object with this id, or you may not see it.")
        self.sandbox.require_token(found[0], _token(request))
        return found

    def _control(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/sandbox", self._report)
        app.router.add_get("/sandbox/accepted", self._accepted)
        app.router.add_post("/sandbox/{command}", self._command)
        return app

    async def _report(self, _: web.Request) -> web.Response:
        return _answer(self.sandbox.report())

    async def _accepted(self, _: web.Request) -> web.Response:
        return _answer(dict(self.sandbox.accepted))

    async def _command(self, request: web.Request) -> web.Response:
        arguments = _json(await request.read() or b"{}")
        command = getattr(self, f"_do_{request.match_info['command']}", None)
        if command is None or not isinstance(arguments, dict):
            return web.json_response({"error": "no such command: see docs/whatsapp-sandbox.md"}, status=404)
        try:
            await command(arguments)
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)
        return _answer({"done": True})

    async def _do_faults(self, arguments: dict[str, Any]) -> None:
        """{"faults": [{"fault": .., "phone": .., "times": .., "share": ..}], "by_number": true}"""
        self.sandbox.faults.set(
            [Command(**{**fault, "fault": Fault(fault["fault"])}) for fault in arguments.get("faults", [])]
        )
        self.sandbox.faults.by_number = bool(arguments.get("by_number", self.sandbox.faults.by_number))

    async def _do_webhooks(self, arguments: dict[str, Any]) -> None:
        """Takes any of WebhookOptions, and "url"."""
        if "url" in arguments:
            self.sandbox.webhooks.url = arguments.pop("url")
        for name, value in arguments.items():
            if not hasattr(self.sandbox.webhooks.options, name):
                raise KeyError(name)
            setattr(self.sandbox.webhooks.options, name, value)

    async def _do_number(self, arguments: dict[str, Any]) -> None:
        """{"number_id": .., "per_second": .., "limit": .., "token": ..}: changes or adds it."""
        number = self.sandbox.numbers.get(arguments.get("number_id", NUMBER_ID)) or self.sandbox.add_number(
            arguments["number_id"]
        )
        number.throughput = Throughput(arguments.get("per_second", number.throughput.per_second))
        number.limit = arguments.get("limit", number.limit)
        number.token = arguments.get("token", number.token)

    async def _do_template(self, arguments: dict[str, Any]) -> None:
        """{"name": .., "status": ..}, or a whole template to add."""
        if "components" in arguments:
            self.sandbox.templates.append(arguments)
        else:
            self.sandbox.set_template_status(arguments["name"], arguments["status"])

    async def _do_write(self, arguments: dict[str, Any]) -> None:
        """{"phone": .., "text": .., "button": ..}: that person writes a message."""
        self.sandbox.write(
            arguments.get("number_id", NUMBER_ID), arguments["phone"], arguments["text"], arguments.get("button")
        )

    async def _do_receive(self, arguments: dict[str, Any]) -> None:
        """{"phone": .., "user_id": .., "type": "reaction", "content": {..}}"""
        self.sandbox.receive(
            arguments.get("number_id", NUMBER_ID),
            arguments.get("phone"),
            arguments["type"],
            arguments["content"],
            arguments.get("user_id"),
        )

    async def _do_change_number(self, arguments: dict[str, Any]) -> None:
        """{"phone": .., "new_phone": ..}"""
        self.sandbox.change_number(arguments.get("number_id", NUMBER_ID), arguments["phone"], arguments["new_phone"])

    async def _do_webhook(self, arguments: dict[str, Any]) -> None:
        """{"body": "{..}"}: this text, signed, in one call."""
        self.sandbox.webhooks.post(
            self.sandbox.numbers[arguments.get("number_id", NUMBER_ID)].source, arguments["body"]
        )

    async def _do_prefer(self, arguments: dict[str, Any]) -> None:
        """{"phone": .., "stop": true}: that person stops or resumes marketing."""
        self.sandbox.prefer(arguments.get("number_id", NUMBER_ID), arguments["phone"], bool(arguments["stop"]))

    async def _do_forget(self, _: dict[str, Any]) -> None:
        self.sandbox.forget()

    async def _do_down(self, arguments: dict[str, Any]) -> None:
        """{"seconds": ..}: the server is unreachable for that time."""
        await self.go_down()
        self._run_in_background(self._up_after(float(arguments.get("seconds", 5))))

    async def _up_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        with contextlib.suppress(OSError):
            await self.come_up()


@web.middleware
async def _errors(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except ApiError as refusal:
        return web.Response(body=orjson.dumps(refusal.body), status=refusal.status, content_type="application/json")
    return response


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ApiError(400, 100, "Invalid parameter", "The body is not JSON.") from None


def _token(request: web.Request) -> str | None:
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind == "Bearer" else None


def _answer(value: Any) -> web.Response:
    return web.Response(body=orjson.dumps(value), content_type="application/json")
