"""The storage of uploads and exports.

Each process sets its storage (a folder or a bucket) once, with `files.use(storage)`. A key is a path that begins with the
purpose and the workspace id, such as `uploads/7/12/3f9c`.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol


class FileWriter(Protocol):
    """Writes one file. The file exists after the `async with` block ends, and not at all when the block raises."""

    async def write(self, block: bytes) -> object:
        """Append a block."""


class Storage(Protocol):
    """Stores files by key. A missing key raises FileNotFoundError, except in `delete`."""

    def writer(self, key: str) -> AbstractAsyncContextManager[FileWriter]:
        """Write the file at `key`, all or nothing; an older file is replaced at the end."""

    def blocks(self, key: str) -> AsyncIterator[bytes]:
        """The contents, block by block."""

    async def size(self, key: str) -> int:
        """The length in bytes."""

    async def head(self, key: str, most: int) -> bytes:
        """The first bytes, at most `most`."""

    def on_disk(self, key: str) -> AbstractAsyncContextManager[Path]:
        """A path on this machine where the file can be read while the block runs."""

    async def delete(self, key: str) -> None:
        """Remove the file, if it exists."""

    def each_key(self, prefix: str) -> AsyncIterator[tuple[str, datetime]]:
        """Every key under a prefix, with the time when its file was written."""

    async def remove_unfinished(self, before: datetime) -> int:
        """Remove temporary files of killed processes, last written before then. Gives how many."""


_storage: Storage | None = None


def use(storage: Storage | None) -> None:
    """Set the storage of this process."""
    global _storage
    _storage = storage


def storage() -> Storage:
    """The storage of this process. Raises RuntimeError before `use`."""
    if _storage is None:
        raise RuntimeError("no storage for files: call models.transfers.files.use first")
    return _storage
