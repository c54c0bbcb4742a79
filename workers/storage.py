"""Storage in a folder or an S3 bucket."""

import asyncio
import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import obstore
from obstore.store import LocalStore, ObjectStore, S3Store

from models.transfers.files import FileWriter, Storage

BLOCK_BYTES = 1 << 20
PART_BYTES = 8 << 20


def open_storage(location: str | Path, scratch: Path, options: Mapping[str, str] | None = None) -> Storage:
    """`location`: a folder, or `s3://bucket/prefix` with `options` (endpoint, region, access_key_id, ...). `scratch`: a
    local folder for copies from a bucket."""
    if isinstance(location, str) and location.startswith("s3://"):
        return BucketStorage(S3Store.from_url(location, **_s3_options(options or {})), scratch)
    folder = Path(location).absolute()
    _make_private(folder)
    return FolderStorage(folder)


PRIVATE_FOLDER: Final = 0o700
PRIVATE_FILE: Final = 0o600
"""Files hold personal data: other accounts of the machine must not read them, whatever the umask."""


def _make_private(folder: Path) -> None:
    """Makes the folder, or closes it to other accounts; a folder of another account is left as its owner wants it."""
    folder.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        folder.chmod(PRIVATE_FOLDER)


def _s3_options(options: Mapping[str, str]) -> dict[str, Any]:
    endpoint = options.get("endpoint", "")
    return {
        **options,
        "virtual_hosted_style_request": not endpoint,
        "client_options": {"allow_http": endpoint.startswith("http://")},
    }


class _ObjectStorage:
    def __init__(self, store: ObjectStore) -> None:
        self.store = store

    def writer(self, key: str) -> AbstractAsyncContextManager[FileWriter]:
        # After an error in the block, obstore's writer aborts and the key keeps its content.
        return obstore.open_writer_async(self.store, key, buffer_size=PART_BYTES)

    async def blocks(self, key: str) -> AsyncIterator[bytes]:
        found = await obstore.get_async(self.store, key)
        async for block in found.stream(min_chunk_size=BLOCK_BYTES):
            yield bytes(block)

    async def size(self, key: str) -> int:
        return (await obstore.head_async(self.store, key))["size"]

    async def head(self, key: str, most: int) -> bytes:
        size = await self.size(key)
        if size == 0:
            return b""
        return bytes(await obstore.get_range_async(self.store, key, start=0, end=min(most, size)))

    async def delete(self, key: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self.store, key)

    async def each_key(self, prefix: str) -> AsyncIterator[tuple[str, datetime]]:
        async for page in obstore.list(self.store, prefix=prefix):
            for found in page:
                yield found["path"], found["last_modified"]


class FolderStorage(_ObjectStorage):
    """Files in a folder that all processes must share."""

    def __init__(self, folder: Path) -> None:
        super().__init__(LocalStore(folder, mkdir=True, automatic_cleanup=True))
        self.folder = folder

    @asynccontextmanager
    async def writer(self, key: str) -> AsyncIterator[FileWriter]:
        path = self.folder / key
        await asyncio.to_thread(_make_private_parents, path, self.folder)
        async with super().writer(key) as writer:
            yield writer
        await asyncio.to_thread(path.chmod, PRIVATE_FILE)

    @asynccontextmanager
    async def on_disk(self, key: str) -> AsyncIterator[Path]:
        path = self.folder / key
        if not await asyncio.to_thread(path.is_file):
            raise FileNotFoundError(key)
        yield path

    async def free_bytes(self) -> int | None:
        return (await asyncio.to_thread(shutil.disk_usage, self.folder)).free

    async def remove_unfinished(self, before: datetime) -> int:
        return await asyncio.to_thread(_remove_old, self.folder, before, "*#*")


def _make_private_parents(path: Path, folder: Path) -> None:
    for parent in reversed(path.relative_to(folder).parents[:-1]):
        _make_private(folder / parent)


class BucketStorage(_ObjectStorage):
    """Files in a bucket, with a cache in `scratch` for `on_disk`."""

    def __init__(self, store: ObjectStore, scratch: Path) -> None:
        super().__init__(store)
        self.scratch = scratch

    @asynccontextmanager
    async def on_disk(self, key: str) -> AsyncIterator[Path]:
        path = self._copy_of(key)
        if not await asyncio.to_thread(path.is_file):
            await self._fetch(key, path)
        await asyncio.to_thread(os.utime, path)
        yield path

    async def _fetch(self, key: str, path: Path) -> None:
        await asyncio.to_thread(_make_private, self.scratch)
        descriptor, name = await asyncio.to_thread(tempfile.mkstemp, dir=self.scratch)
        try:
            with os.fdopen(descriptor, "wb") as file:
                async for block in self.blocks(key):
                    await asyncio.to_thread(file.write, block)
            await asyncio.to_thread(shutil.move, name, path)
        except BaseException:
            await asyncio.to_thread(Path(name).unlink, missing_ok=True)
            raise

    async def delete(self, key: str) -> None:
        await asyncio.to_thread(self._copy_of(key).unlink, missing_ok=True)
        await super().delete(key)

    async def free_bytes(self) -> int | None:
        return None

    async def remove_unfinished(self, before: datetime) -> int:
        return await asyncio.to_thread(_remove_old, self.scratch, before, "*")

    def _copy_of(self, key: str) -> Path:
        return self.scratch / hashlib.sha256(key.encode()).hexdigest()


def _remove_old(folder: Path, before: datetime, pattern: str) -> int:
    removed = 0
    for path in folder.rglob(pattern):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file() and datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
                path.unlink()
                removed += 1
    return removed
