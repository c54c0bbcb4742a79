"""Serves the API on one port, commands under /sandbox on another."""

import asyncio
from typing import Any

import orjson
from aiohttp import web

from sandbox.server import SandboxServer, answer_of, token_of
from sandbox.whatsapp.checks import ApiError
from sandbox.whatsapp.faults import Command, Fault
from sandbox.whatsapp.limits import Throughput
from sandbox.whatsapp.provider import BUSINESS_ACCOUNT_ID, NUMBER_ID, Sandbox

PAGE = 25


class Server(SandboxServer):
    page = "docs/whatsapp-sandbox.md"

    def __init__(self, sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0, control_port: int = 0) -> None:
        super().__init__(host, port, control_port)
        self.sandbox = sandbox

    async def start(self) -> None:
        await super().start()
        self.run_in_background(self.sandbox.webhooks.run())

    def api(self) -> web.Application:
        app = web.Application(middlewares=[_errors])
        app.router.add_post("/{version}/{number}/messages", self._messages)
        app.router.add_get("/{version}/{account}/message_templates", self._templates)
        app.router.add_get("/{version}/{account}/phone_numbers", self._numbers)
        app.router.add_get("/{version}/{number}", self._number)
        return app

    async def _messages(self, request: web.Request) -> web.StreamResponse:
        message = _json(await request.read())
        outcome = self.sandbox.send(request.match_info["number"], token_of(request), message)
        if outcome.cut and request.transport is not None:
            request.transport.abort()
            return web.Response()
        if outcome.delay_seconds:
            await asyncio.sleep(outcome.delay_seconds)
        return answer_of(outcome.answer)

    async def _number(self, request: web.Request) -> web.Response:
        return answer_of(self.sandbox.number_for(request.match_info["number"], token_of(request)).shown())

    async def _numbers(self, request: web.Request) -> web.Response:
        numbers = self._of_account(request)
        return answer_of({"data": [{"id": number.source.number_id} for number in numbers]})

    async def _templates(self, request: web.Request) -> web.Response:
        self._of_account(request)
        start = int(request.query.get("after", "0"))
        page = self.sandbox.templates[start : start + PAGE]
        more = start + PAGE < len(self.sandbox.templates)
        paging = {"cursors": {"before": str(start), "after": str(start + PAGE)}}
        return answer_of({"data": page, "paging": {**paging, **({"next": "more"} if more else {})}})

    def _of_account(self, request: web.Request) -> list[Any]:
        account = request.match_info["account"]
        found = [n for n in self.sandbox.numbers.values() if n.source.business_account_id == account]
        if not found:
            raise ApiError(400, 100, "Unsupported request", "There is no object with this id, or you may not see it.")
        self.sandbox.require_token(found[0], token_of(request))
        return found

    def control(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/sandbox", self._report)
        app.router.add_get("/sandbox/accepted", self._accepted)
        return app

    async def _report(self, _: web.Request) -> web.Response:
        return answer_of(self.sandbox.report())

    async def _accepted(self, _: web.Request) -> web.Response:
        return answer_of(dict(self.sandbox.accepted))

    async def do_faults(self, arguments: dict[str, Any]) -> None:
        """{"faults": [{"fault": .., "phone": .., "times": .., "share": ..}], "by_number": true}"""
        self.sandbox.faults.set(
            [Command(**{**fault, "fault": Fault(fault["fault"])}) for fault in arguments.get("faults", [])]
        )
        self.sandbox.faults.by_number = bool(arguments.get("by_number", self.sandbox.faults.by_number))

    async def do_webhooks(self, arguments: dict[str, Any]) -> None:
        """Takes any of WebhookOptions, and "url"."""
        if "url" in arguments:
            self.sandbox.webhooks.url = arguments.pop("url")
        for name, value in arguments.items():
            if not hasattr(self.sandbox.webhooks.options, name):
                raise KeyError(name)
            setattr(self.sandbox.webhooks.options, name, value)

    async def do_number(self, arguments: dict[str, Any]) -> None:
        """{"number_id": .., "per_second": .., "limit": .., "token": .., "business_account_id": ..}: changes or adds it.

        The account is said of a new one only."""
        number = self.sandbox.numbers.get(arguments.get("number_id", NUMBER_ID)) or self.sandbox.add_number(
            arguments["number_id"], arguments.get("business_account_id", BUSINESS_ACCOUNT_ID)
        )
        number.throughput = Throughput(arguments.get("per_second", number.throughput.per_second))
        number.limit = arguments.get("limit", number.limit)
        number.token = arguments.get("token", number.token)

    async def do_template(self, arguments: dict[str, Any]) -> None:
        """{"name": .., "status": ..}, or a whole template to add."""
        if "components" in arguments:
            self.sandbox.templates.append(arguments)
        else:
            self.sandbox.set_template_status(arguments["name"], arguments["status"])

    async def do_write(self, arguments: dict[str, Any]) -> None:
        """{"phone": .., "text": .., "button": ..}: that person writes a message."""
        self.sandbox.write(
            arguments.get("number_id", NUMBER_ID), arguments["phone"], arguments["text"], arguments.get("button")
        )

    async def do_receive(self, arguments: dict[str, Any]) -> None:
        """{"phone": .., "user_id": .., "type": "reaction", "content": {..}}"""
        self.sandbox.receive(
            arguments.get("number_id", NUMBER_ID),
            arguments.get("phone"),
            arguments["type"],
            arguments["content"],
            arguments.get("user_id"),
        )

    async def do_change_number(self, arguments: dict[str, Any]) -> None:
        """{"phone": .., "new_phone": ..}"""
        self.sandbox.change_number(arguments.get("number_id", NUMBER_ID), arguments["phone"], arguments["new_phone"])

    async def do_webhook(self, arguments: dict[str, Any]) -> None:
        """{"body": "{..}"}: this text, signed, in one call."""
        self.sandbox.webhooks.post(
            self.sandbox.numbers[arguments.get("number_id", NUMBER_ID)].source, arguments["body"]
        )

    async def do_prefer(self, arguments: dict[str, Any]) -> None:
        """{"phone": .., "stop": true}: that person stops or resumes marketing."""
        self.sandbox.prefer(arguments.get("number_id", NUMBER_ID), arguments["phone"], bool(arguments["stop"]))

    async def do_forget(self, _: dict[str, Any]) -> None:
        self.sandbox.forget()


@web.middleware
async def _errors(request: web.Request, handler: Any) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except ApiError as refusal:
        return answer_of(refusal.body, refusal.status)
    return response


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ApiError(400, 100, "Invalid parameter", "The body is not JSON.") from None
