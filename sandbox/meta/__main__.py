"""`python -m sandbox.meta`: runs the sandbox."""

import argparse
import asyncio
import contextlib
import signal
import sys

from sandbox.meta.provider import Sandbox
from sandbox.meta.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.meta", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; never one that others can reach")
    parser.add_argument("--port", type=int, default=8092, help="port of the API")
    parser.add_argument("--control-port", type=int, default=8093, help="port of the commands")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args()))


async def serve(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(stop_signal, stopped.set)
    server = Server(Sandbox(), options.host, options.port, options.control_port)
    await server.start()
    sys.stdout.write(f"Meta sandbox: {server.url}, commands at {server.control_url}\n")
    sys.stdout.flush()
    await stopped.wait()
    await server.stop()


if __name__ == "__main__":
    main()
