"""The storage of uploads and exports.

Keys are paths of purpose and workspace id, such as `uploads/7/12/3f9c`.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol


class FileWriter(Protocol):
    """Writes one file, which exists only after the `async with` block has ended without an error."""

    async def write(self, block: bytes) -> object: ...


class Storage(Protocol):
    """Stores files by key. A missing key raises FileNotFoundError, except in `delete`."""

    def writer(self, key: str) -> AbstractAsyncContextManager[FileWriter]:
        """Write a file, or replace one."""

    def blocks(self, key: str) -> AsyncIterator[bytes]: ...

    async def size(self, key: str) -> int: ...

    async def head(self, key: str, most: int) -> bytes:
        """The first bytes, at most `most`."""

    def on_disk(self, key: str) -> AbstractAsyncContextManager[Path]:
        """A path to read the file from, while the block runs."""

    async def delete(self, key: str) -> None: ...

    def each_key(self, prefix: str) -> AsyncIterator[tuple[str, datetime]]:
        """Keys under a prefix, and when their files were written."""

    async def remove_unfinished(self, before: datetime) -> int:
        """Remove older temporary files of killed processes. Gives how many."""


_storage: Storage | None = None


def use(storage: Storage | None) -> None:
    """Set the storage of this process, once."""
    global _storage
    _storage = storage


def storage() -> Storage:
    """The storage of this process."""
    if _storage is None:
        raise RuntimeError("no storage for files: call models.transfers.files.use first")
    return _storage
