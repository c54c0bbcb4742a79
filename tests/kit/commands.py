"""Runs commands of the command line in processes of their own."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Ran:
    """How a command ended, and what it wrote."""

    code: int
    lines: list[str]
    error: str


class Muster:
    """`await muster("workspace", "list")` runs that command on a database."""

    def __init__(self, database_url: str, data_dir: Path, **variables: str) -> None:
        self.environment = os.environ | {
            "MUSTER_DATABASE_URL": database_url,
            "MUSTER_REDIS_URL": "redis://unused",
            "MUSTER_DATA_DIR": str(data_dir),
            **variables,
        }

    async def __call__(self, *arguments: str, typed: str = "") -> Ran:
        process = await self.start(*arguments)
        output, error = await asyncio.wait_for(process.communicate(typed.encode()), 120)
        assert process.returncode is not None
        return Ran(process.returncode, output.decode().splitlines(), error.decode())

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "muster", *arguments),
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
