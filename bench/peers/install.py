"""Installs PostGraphile under bench/data, as locked here, by the npm of the Node that this project installs."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from bench.environment import DATA
from deploy import node

HERE = Path(__file__).parent
FOLDER = DATA / "peers"
FILES = ("package.json", "package-lock.json", "server.mjs")


@dataclass(frozen=True)
class Installation:
    node: Path
    server: Path


def installed() -> Installation:
    """Installs what the lock files name, unless it is there. Raises node.CannotInstall when that fails."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copy(HERE / name, FOLDER)  # the server's imports are looked for beside it
    ready = node.installed()
    ready.install_modules(FOLDER, "--omit=dev")
    return Installation(ready.program, FOLDER / "server.mjs")
