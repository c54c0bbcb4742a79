"""`muster up`: everything on this machine."""

import asyncio
import contextlib
import signal
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import partial

from muster.errors import SetupError
from muster.installation import Installation, embedded_servers, installation_of
from muster.local.data_dir import exclusive_use
from muster.local.processes import Program
from muster.local.supervisor import Service, Supervisor
from muster.settings import QUEUES, Settings, environment_with, variable


def up(settings: Settings) -> None:
    """SetupError when port or data directory are in use, or a service does not start."""
    with exclusive_use(settings.data_dir):
        must_be_free(settings.host, settings.port)
        asyncio.run(_run(settings))


def must_be_free(host: str, port: int) -> None:
    """SetupError when the port is in use."""
    reason = _why_taken(host, port)
    if reason is not None:
        raise SetupError(
            f"The API cannot listen on {host}:{port} ({reason}): stop the program that does, or set MUSTER_PORT to another port."
        )


def _why_taken(host: str, port: int) -> str | None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            return getattr(error, "strerror", None) or str(error)
    return None


async def _run(settings: Settings) -> None:
    supervisor = Supervisor()
    stop_requested = _on_stop_signal(supervisor)
    starting = asyncio.create_task(_start(supervisor, settings))
    try:
        await asyncio.wait({starting, stop_requested}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await stop_requested
    finally:
        starting.cancel()
        await asyncio.wait({starting})
        await supervisor.stop()


def _on_stop_signal(supervisor: Supervisor) -> "asyncio.Future[None]":
    """Done at the first SIGINT, SIGTERM or SIGHUP. The second kills what has not ended."""
    loop = asyncio.get_running_loop()
    stop_requested: asyncio.Future[None] = loop.create_future()

    def on_signal() -> None:
        if stop_requested.done():
            supervisor.stop_at_once = True
        else:
            supervisor.say("stopping; once more to stop at once")
            stop_requested.set_result(None)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, on_signal)
    return stop_requested


async def _start(supervisor: Supervisor, settings: Settings) -> None:
    servers = embedded_servers(settings)
    services = [
        Service(type(server).__name__.lower(), server.prepare, server.is_ready, server.log) for server in servers
    ]
    await supervisor.start(*services)
    processes = MusterProcesses(settings, tuple(_sandboxes(settings)))
    preparing = asyncio.create_task(_prepare_database(supervisor, installation_of(settings)))
    if not (settings.data_dir / "demo.json").exists():
        await preparing  # at the first start, a ready API has the demo workspace
    await asyncio.gather(supervisor.start(processes.api()), preparing)
    await supervisor.start(*processes.doubles())
    await supervisor.start(*processes.workers())
    _print_addresses(supervisor, settings)


async def _prepare_database(supervisor: Supervisor, installation: Installation) -> None:
    from muster.database import bring_up_to_date, is_empty, opened
    from muster.demo.seed import seed

    async with opened(installation):
        for name in await bring_up_to_date():
            supervisor.say(f"migrated: {name}")
        if installation.settings.demo and await is_empty():
            supervisor.say("making a demo workspace ...")
            supervisor.say(await seed(installation))


@dataclass(frozen=True)
class Sandbox:
    """A double of a provider, on `port`, with its commands on the next one. `setting` is where its address goes."""

    name: str
    setting: str
    port: int

    def program(self, settings: Settings) -> Program:
        ports = ("--port", str(self.port), "--control-port", str(self.port + 1))
        webhook = ("--webhook-url", f"http://127.0.0.1:{settings.port}/webhooks/whatsapp")
        more = webhook if self.name == "whatsapp" else ()
        return Program(f"sandbox-{self.name}", (sys.executable, "-u", "-m", f"sandbox.{self.name}", *ports, *more))


def _sandboxes(settings: Settings) -> Iterator[Sandbox]:
    """Those of the providers that have no address in the settings."""
    taken: set[int] = set()
    for name, first, url in (("whatsapp", 90, settings.whatsapp_url), ("meta", 92, settings.meta_url)):
        if url is None:
            port = _sandbox_port(name, settings.port + first, taken)
            taken |= {port, port + 1}
            yield Sandbox(name, f"{name}_url", port)


@dataclass(frozen=True)
class MusterProcesses:
    """The API, workers and doubles as services; without a double, the provider itself is used."""

    settings: Settings
    sandboxes: tuple[Sandbox, ...]

    def api(self) -> Service:
        return Service("api", partial(self._muster, "api", "api"), partial(_answers, self.settings))

    def workers(self) -> Iterator[Service]:
        several = self.settings.workers_per_queue > 1
        for queue in QUEUES:
            for number in range(1, self.settings.workers_per_queue + 1):
                name = f"{queue}-{number}" if several else queue
                yield Service(name, partial(self._muster, name, "worker", "--queue", queue))

    def doubles(self) -> Iterator[Service]:
        for sandbox in self.sandboxes:
            program = sandbox.program(self.settings)
            yield Service(program.name, partial(_same, program), partial(_listens, sandbox.port))

    def _muster(self, name: str, *arguments: str) -> Program:
        """A child's pipe hides that a person reads: `auto` becomes `text`."""
        log_format = "text" if self.settings.log_format == "auto" else self.settings.log_format
        command = (sys.executable, "-u", "-m", "muster", "--log-format", log_format, *arguments)
        extra = {variable(one.setting): f"http://127.0.0.1:{one.port}" for one in self.sandboxes}
        return Program(name, command, environment_with(**extra))


def _same(program: Program) -> Program:
    return program


def _sandbox_port(name: str, first: int, taken: Set[int]) -> int:
    """The first of two free ports in a row, from `first`."""
    ports: list[int] = [first, *range(20_090, 60_000, 97)]
    for port in ports:
        if not {port, port + 1} & taken and all(_why_taken("127.0.0.1", one) is None for one in (port, port + 1)):
            return port
    raise SetupError(
        f"No two ports in a row are free for a sandbox: set MUSTER_{name.upper()}_URL to a server of your own."
    )


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _answers(settings: Settings) -> bool:
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 - compared, not listened on
    host = f"[{host}]" if ":" in host else host
    try:
        with urllib.request.urlopen(f"http://{host}:{settings.port}/health/live", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _print_addresses(supervisor: Supervisor, settings: Settings) -> None:
    from muster.demo.seed import read_demo_admin

    admin = read_demo_admin(settings)
    supervisor.say("")
    supervisor.say("Muster is ready.")
    supervisor.say(f"  Console    {settings.served_url}/")
    supervisor.say(f"  GraphQL    {settings.served_url}/graphql")
    supervisor.say(f"  Explorer   {settings.served_url}/explorer")
    if admin is not None:
        supervisor.say(f"  Sign in    {admin.email}  password: {admin.password}  (workspace {admin.workspace})")
        supervisor.say("  Token      .venv/bin/muster token   prints one for that admin")
    else:
        supervisor.say("  Workspace  .venv/bin/muster workspace create --help   says how to make one")
    supervisor.say(f"  Data       {settings.data_dir}")
    supervisor.say("  Stop       Ctrl-C")
    supervisor.say("")
