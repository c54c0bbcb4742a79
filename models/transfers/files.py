"""Stores uploads and exports under keys such as `uploads/7/12/3f9c`: purpose, workspace id, rest."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol


class FileWriter(Protocol):
    """The file exists only after the `async with` block ended without an error."""

    async def write(self, block: bytes) -> object: ...


class Storage(Protocol):
    """A missing key raises FileNotFoundError, except in `delete`."""

    def writer(self, key: str) -> AbstractAsyncContextManager[FileWriter]:
        """Writes a file, or replaces one."""

    def blocks(self, key: str) -> AsyncIterator[bytes]: ...

    async def size(self, key: str) -> int: ...

    async def head(self, key: str, most: int) -> bytes:
        """Returns the first bytes of a file, at most `most`."""

    def on_disk(self, key: str) -> AbstractAsyncContextManager[Path]:
        """A path to read from, while the block runs."""

    async def delete(self, key: str) -> None: ...

    def each_key(self, prefix: str) -> AsyncIterator[tuple[str, datetime]]:
        """Keys and when their files were written."""

    async def free_bytes(self) -> int | None:
        """Returns how much more can be stored; None where there is no such limit."""

    async def remove_unfinished(self, before: datetime) -> int:
        """Removes older temporary files of killed processes. Gives their count."""


_storage: Storage | None = None


def use(storage: Storage | None) -> None:
    global _storage
    _storage = storage


def storage() -> Storage:
    if _storage is None:
        raise RuntimeError("no storage for files: call models.transfers.files.use first")
    return _storage


_BLOCK_BYTES: Final = 1 << 20


async def put_file(key: str, path: Path) -> int:
    """Store a local file under `key`. Gives its bytes."""
    size = 0
    async with storage().writer(key) as writer:
        with await asyncio.to_thread(path.open, "rb") as file:
            while block := await asyncio.to_thread(file.read, _BLOCK_BYTES):
                await writer.write(block)
                size += len(block)
    return size
