"""Storage keeps whole files or nothing, in a folder and in a bucket."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from obstore.store import MemoryStore, S3Store

from workers.storage import BucketStorage, open_storage


@pytest.fixture(params=["folder", "bucket"])
def storage(request, tmp_path):
    if request.param == "folder":
        return open_storage(tmp_path / "files", tmp_path / "scratch")
    return BucketStorage(MemoryStore(), tmp_path / "scratch")


async def write(storage, key: str, *blocks: bytes) -> None:
    async with storage.writer(key) as writer:
        for block in blocks:
            await writer.write(block)


async def read(storage, key: str) -> bytes:
    return b"".join([block async for block in storage.blocks(key)])


async def test_a_written_file_is_read_back(storage):
    large = b"0123456789" * 2_000_000
    await write(storage, "a/b/large", large[:5], large[5:])
    await write(storage, "a/b/empty")
    assert await read(storage, "a/b/large") == large
    assert await read(storage, "a/b/empty") == b""
    assert (await storage.size("a/b/large"), await storage.size("a/b/empty")) == (20_000_000, 0)
    assert (await storage.head("a/b/large", 12), await storage.head("a/b/empty", 12)) == (large[:12], b"")


async def test_an_older_file_is_replaced_when_the_new_one_is_complete(storage):
    await write(storage, "key", b"old")
    async with storage.writer("key") as writer:
        await writer.write(b"new")
        assert await read(storage, "key") == b"old"
    assert await read(storage, "key") == b"new"


async def test_a_write_that_fails_leaves_nothing(storage, tmp_path):
    with pytest.raises(ConnectionResetError):
        async with storage.writer("key") as writer:
            await writer.write(b"x" * 20_000_000)
            raise ConnectionResetError
    with pytest.raises(FileNotFoundError):
        await storage.size("key")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_a_missing_key_raises(storage):
    for reading in (storage.size("nothing"), storage.head("nothing", 1), read(storage, "nothing")):
        with pytest.raises(FileNotFoundError):
            await reading
    with pytest.raises(FileNotFoundError):
        async with storage.on_disk("nothing"):
            pass
    await storage.delete("nothing")


async def test_a_file_can_be_read_on_disk_and_removed(storage, tmp_path):
    await write(storage, "a/key", b"contents")
    for _ in range(2):
        async with storage.on_disk("a/key") as path:
            assert path.read_bytes() == b"contents"
    await storage.delete("a/key")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


async def test_keys_are_listed_below_a_prefix(storage):
    for key in ("a/1", "a/2/3", "b/1"):
        await write(storage, key, b"x")
    found = {key: at async for key, at in storage.each_key("a")}
    assert set(found) == {"a/1", "a/2/3"}
    assert all(abs(at - datetime.now(UTC)) < timedelta(minutes=1) for at in found.values())


async def test_old_copies_of_files_in_a_bucket_are_removed(tmp_path):
    storage = BucketStorage(MemoryStore(), tmp_path)
    await write(storage, "key", b"x")
    async with storage.on_disk("key"):
        pass
    assert await storage.remove_unfinished(datetime.now(UTC) - timedelta(hours=1)) == 0
    assert await storage.remove_unfinished(datetime.now(UTC) + timedelta(hours=1)) == 1
    assert await read(storage, "key") == b"x"


def test_a_bucket_is_opened_by_its_url(tmp_path):
    options = {"endpoint": "http://127.0.0.1:9000", "access_key_id": "a", "secret_access_key": "b", "region": "eu-1"}
    storage = open_storage("s3://bucket/prefix", tmp_path, options)
    assert isinstance(storage, BucketStorage)
    assert isinstance(storage.store, S3Store)
    assert (storage.store.config["bucket"], storage.store.prefix) == ("bucket", "prefix")


async def test_a_folder_says_how_much_is_free_and_a_bucket_has_no_limit(tmp_path):
    free = await open_storage(tmp_path, tmp_path).free_bytes()
    assert free is not None
    assert free > 0
    assert await BucketStorage(MemoryStore(), tmp_path).free_bytes() is None


async def test_other_accounts_of_the_machine_can_read_neither_files_nor_folders(tmp_path):
    folder = tmp_path / "kept"
    folder.mkdir(mode=0o777)
    before = os.umask(0)
    try:
        storage = open_storage(folder, tmp_path / "copies")
        for key in ("exports/7/12/000000", "uploads/7/1/3f9c"):
            async with storage.writer(key) as writer:
                await writer.write(b"personal data")
    finally:
        os.umask(before)
    modes = {
        path.relative_to(tmp_path).as_posix(): path.stat().st_mode & 0o777 for path in (folder, *folder.rglob("*"))
    }
    assert {mode for path, mode in modes.items() if (tmp_path / path).is_dir()} == {0o700}
    assert {mode for path, mode in modes.items() if (tmp_path / path).is_file()} == {0o600}
