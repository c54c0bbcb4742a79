"""Runs commands of operators as processes, against an API that listens."""

import asyncio
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Ended:
    """How a command ended, and what it wrote."""

    code: int | None
    output: str
    errors: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The JSON lines."""
        return [json.loads(line) for line in self.output.splitlines()]


@dataclass(frozen=True)
class CommandLine:
    """`muster`, called from `folder` with a token."""

    url: str
    token: str | None
    folder: Path

    async def run(self, *arguments: str) -> Ended:
        """Runs a command to its end."""
        return await self.end(await self.start(*arguments))

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Starts a command, without a terminal."""
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "muster", *arguments),
            env=self.environment(),
            cwd=self.folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def end(self, process: asyncio.subprocess.Process, number: signal.Signals | None = None) -> Ended:
        """Waits for the end of a command, after a signal if there is one."""
        if number is not None:
            process.send_signal(number)
        output, errors = await asyncio.wait_for(process.communicate(), 180)
        return Ended(process.returncode, output.decode(), errors.decode())

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
        token = {} if self.token is None else {"MUSTER_TOKEN": self.token}
        root = str(Path(__file__).resolve().parents[2])
        return kept | token | {"MUSTER_URL": self.url, "PYTHONPATH": root, "COLUMNS": "200"}
