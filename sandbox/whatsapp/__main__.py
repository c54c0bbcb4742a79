"""`python -m sandbox.whatsapp`: runs the sandbox."""

import asyncio
import contextlib
import gc

from sandbox.server import parser_of, serve
from sandbox.whatsapp.provider import Sandbox
from sandbox.whatsapp.server import Server


def main() -> None:
    parser = parser_of("sandbox.whatsapp", __doc__, 8090)
    parser.add_argument("--webhook-url", default=None, help="where to send webhooks; none are sent without")
    parser.add_argument("--per-second", type=int, default=80, help="throughput of the number")
    options = parser.parse_args()
    gc.collect()  # a pause would look like a burst of messages
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    sandbox = Sandbox(options.webhook_url)
    sandbox.add_number(per_second=options.per_second)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve("WhatsApp", Server(sandbox, options.host, options.port, options.control_port)))


if __name__ == "__main__":
    main()
