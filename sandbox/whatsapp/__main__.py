"""`python -m sandbox.whatsapp`: runs the sandbox."""

import argparse
import asyncio
import contextlib
import gc
import signal
import sys

from sandbox.whatsapp.provider import Sandbox
from sandbox.whatsapp.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m sandbox.whatsapp", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; never one that others can reach")
    parser.add_argument("--port", type=int, default=8090, help="port of the API")
    parser.add_argument("--control-port", type=int, default=8091, help="port of the commands")
    parser.add_argument("--webhook-url", default=None, help="where to send webhooks; none are sent without")
    parser.add_argument("--per-second", type=int, default=80, help="throughput of the number")
    gc.collect()  # a pause would look like a burst of messages
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args()))


async def serve(options: argparse.Namespace) -> None:
    stopped = asyncio.Event()
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(stop_signal, stopped.set)
    sandbox = Sandbox(options.webhook_url)
    sandbox.add_number(per_second=options.per_second)
    server = Server(sandbox, options.host, options.port, options.control_port)
    await server.start()
    sys.stdout.write(f"WhatsApp sandbox: {server.url}, commands at {server.control_url}\n")
    sys.stdout.flush()
    await stopped.wait()
    await server.stop()


if __name__ == "__main__":
    main()
