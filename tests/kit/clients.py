"""Client software of other projects: npm packages, and ariadne-codegen. Tests are skipped where it cannot be installed."""

import asyncio
import fcntl
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

TESTS: Final = Path(__file__).parents[1]
NODE: Final = TESTS / "node"
ARIADNE: Final = TESTS / "ariadne"
SEGMENT: Final = TESTS / "segment_client"
INSTALLED: Final = Path(sys.prefix) / "ariadne-codegen"
INSTALLED_SEGMENT: Final = Path(sys.prefix) / "segment-client"
SCHEMA: Final = TESTS.parent / "schema" / "schema.graphql"

LONGEST_SECONDS: Final = 60


@cache
def install_node_packages() -> None:
    """Once per session, and only when the lock has changed."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("node and npm are not on the PATH")
    _install(
        ["npm", "ci", "--no-audit", "--no-fund"],
        NODE / "package-lock.json",
        NODE / "node_modules" / ".package-lock.json",
    )


@cache
def install_ariadne_codegen() -> None:
    """In a folder of its own, since it needs another graphql-core than Muster."""
    _install_python(ARIADNE, INSTALLED)


@cache
def install_segment_client() -> None:
    """In a folder of its own, since it needs another python-dateutil than Muster."""
    _install_python(SEGMENT, INSTALLED_SEGMENT)


def _install_python(folder: Path, target: Path) -> None:
    lock = folder / "requirements.lock"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--upgrade"]
    _install([*command, "--target", str(target), "-r", str(lock)], lock, target / ".complete")


def _install(command: list[str], lock: Path, stamp: Path) -> None:
    """One process of the tests at a time."""
    with open(lock) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        _install_unless_new(command, lock, stamp)


def _install_unless_new(command: list[str], lock: Path, stamp: Path) -> None:
    if stamp.exists() and stamp.stat().st_mtime >= lock.stat().st_mtime:
        return
    done = subprocess.run(command, cwd=lock.parent, capture_output=True, text=True, timeout=240, check=False)
    if done.returncode:
        pytest.skip(f"{command[0]} could not install the packages: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    stamp.touch()


async def node(script: str, *arguments: str) -> list[Any]:
    """What a script prints, line by line."""
    process = await start_node(script, *arguments)
    out, err = await asyncio.wait_for(process.communicate(), LONGEST_SECONDS)
    assert process.returncode == 0, err.decode()
    return [orjson.loads(line) for line in out.splitlines()]


async def start_node(script: str, *arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        "node", script, *arguments, cwd=NODE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, limit=1 << 26
    )


async def with_ariadne_codegen(folder: Path, code: str) -> str:
    """Runs Python code in a folder, with ariadne-codegen at hand. Gives what it prints."""
    return await _with_python(INSTALLED, folder, code)


async def with_segment_client(folder: Path, code: str, *arguments: str) -> str:
    """As `with_ariadne_codegen`, with Segment's library for Python."""
    return await _with_python(INSTALLED_SEGMENT, folder, code, *arguments)


async def _with_python(packages: Path, folder: Path, code: str, *arguments: str) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code, *arguments),
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(packages), "PATH": _path()},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), LONGEST_SECONDS)
    assert process.returncode == 0, err.decode()
    return out.decode()


def _path() -> str:
    """It calls ruff by name."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
