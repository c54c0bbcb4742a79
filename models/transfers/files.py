"""The door to the files that outlive a request: uploads on their way in, exports on their way out.

What keeps them (a folder, or a bucket) is handed in once per process, as the database is: `files.use(storage)`. A key is a
path of plain names, such as `uploads/7/12/3f9c`, and begins with what the file is for and whose it is.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Protocol


class FileWriter(Protocol):
    """A file on its way to storage: it is there once the block that wrote it ends well, and not at all if it raises."""

    async def write(self, block: bytes) -> object:
        """Append a block."""


class Storage(Protocol):
    """Where files are kept. A key that is not there raises FileNotFoundError, except for `delete`."""

    def writer(self, key: str) -> AbstractAsyncContextManager[FileWriter]:
        """Write the file at `key`, all or nothing; an older one is replaced at the end."""

    def blocks(self, key: str) -> AsyncIterator[bytes]:
        """Its contents, block by block."""

    async def size(self, key: str) -> int:
        """Its length in bytes."""

    async def head(self, key: str, most: int) -> bytes:
        """Its first `most` bytes, or all of a shorter one."""

    def on_disk(self, key: str) -> AbstractAsyncContextManager[Path]:
        """The file on this machine's disk, to be read there for as long as the block runs."""

    async def delete(self, key: str) -> None:
        """Remove it, if it is there."""

    def each_key(self, prefix: str) -> AsyncIterator[tuple[str, datetime]]:
        """All that is kept under a prefix, with the time it was written."""

    async def sweep(self, before: datetime) -> int:
        """Remove what a killed process left half written before then. Returns how many files."""


_storage: Storage | None = None


def use(storage: Storage | None) -> None:
    """Keep this process's files there."""
    global _storage
    _storage = storage


def storage() -> Storage:
    """Where this process keeps its files."""
    if _storage is None:
        raise RuntimeError("no storage for files: call models.transfers.files.use first")
    return _storage
