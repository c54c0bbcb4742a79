"""What the sandboxes share: an API on one port, commands under /sandbox on another, and a server that can go down."""

import argparse
import asyncio
import contextlib
import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Coroutine
from typing import Any, ClassVar

import orjson
from aiohttp import web


class SandboxServer(ABC):
    """Port 0: any free one. Start and stop it in one event loop. A method `do_x(arguments)` is the command /sandbox/x."""

    page: ClassVar[str]
    """The page on its commands."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, control_port: int = 0) -> None:
        self.host, self.port, self.control_port = host, port, control_port
        self._runners: dict[str, web.AppRunner] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @abstractmethod
    def api(self) -> web.Application: ...

    @abstractmethod
    def control(self) -> web.Application:
        """What can be asked for under /sandbox, besides commands."""

    @property
    def url(self) -> str:
        """The base URL of the API, without a version."""
        return f"http://{self.host}:{self.port}"

    @property
    def control_url(self) -> str:
        return f"http://{self.host}:{self.control_port}/sandbox"

    # ------------------------------------------------------------ up and down

    async def start(self) -> None:
        control = self.control()
        control.router.add_post("/sandbox/{command}", self._command)
        self.control_port = await self._listen("control", control, self.control_port)
        await self.come_up()

    async def stop(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for runner in list(self._runners.values()):
            await runner.cleanup()
        self._runners.clear()

    async def come_up(self) -> None:
        if "api" not in self._runners:
            self.port = await self._listen("api", self.api(), self.port)

    async def go_down(self) -> None:
        """Closes and refuses connections, as a crash would; what was accepted or done stays so."""
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

    def run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # ------------------------------------------------------------ commands

    async def _command(self, request: web.Request) -> web.Response:
        arguments = orjson.loads(await request.read() or b"{}")
        command = getattr(self, f"do_{request.match_info['command']}", None)
        if command is None or not isinstance(arguments, dict):
            return web.json_response({"error": f"no such command: see {self.page}"}, status=404)
        try:
            await command(arguments)
        except (KeyError, TypeError, ValueError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)
        return answer_of({"done": True})

    async def do_down(self, arguments: dict[str, Any]) -> None:
        """{"seconds": ..}: the server is unreachable for that time."""
        await self.go_down()
        self.run_in_background(self._up_after(float(arguments.get("seconds", 5))))

    async def _up_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        with contextlib.suppress(OSError):
            await self.come_up()


def token_of(request: web.Request) -> str | None:
    """The bearer token."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if kind == "Bearer" else None


def answer_of(value: Any, status: int = 200) -> web.Response:
    """JSON."""
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


# ---------------------------------------------------------------- as a program


def parser_of(name: str, description: str | None, port: int) -> argparse.ArgumentParser:
    """Takes the host and the ports; the commands' is the one after `port`."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=description)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; never one that others can reach")
    parser.add_argument("--port", type=int, default=port, help="port of the API")
    parser.add_argument("--control-port", type=int, default=port + 1, help="port of the commands")
    return parser


async def serve(name: str, server: SandboxServer) -> None:
    """Until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(stop_signal, stopped.set)
    await server.start()
    sys.stdout.write(f"{name} sandbox: {server.url}, commands at {server.control_url}\n")
    sys.stdout.flush()
    await stopped.wait()
    await server.stop()
