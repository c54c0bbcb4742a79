"""`python -m sandbox.meta`: runs the sandbox."""

import asyncio
import contextlib

from sandbox.meta.provider import Sandbox
from sandbox.meta.server import Server
from sandbox.server import parser_of, serve


def main() -> None:
    options = parser_of("sandbox.meta", __doc__, 8092).parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve("Meta", Server(Sandbox(), options.host, options.port, options.control_port)))


if __name__ == "__main__":
    main()
