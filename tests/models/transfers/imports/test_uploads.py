"""Uploads are received whole or not at all."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from models import db
from models.errors import Invalid, LimitExceeded, NotAllowedInState, NotFound
from models.transfers.files import storage
from models.transfers.imports import start, uploads
from models.transfers.imports.mapping import Options
from permissions.principal import Scope
from tests.kit.transfers import mapped, sent
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def blocks(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


def files_in(folder) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


async def test_a_file_is_received_block_by_block(scope, file_folder):
    row = await uploads.create(scope, "contacts.csv", 10, 100)
    assert await uploads.receive(scope.workspace_id, row["id"], blocks(b"email\n", b"a@x\n"), 100) == 10
    assert files_in(file_folder) == [b"email\na@x\n"]


async def test_a_file_sent_again_replaces_the_one_before(scope, file_folder):
    row = await uploads.create(scope, "contacts.csv", None, 100)
    for content in (b"first", b"second"):
        await uploads.receive(scope.workspace_id, row["id"], blocks(content), 100)
    assert files_in(file_folder) == [b"second"]
    assert (await uploads.get_stored(scope, row["id"]))["bytes"] == 6


async def test_of_files_sent_at_once_one_is_stored_whole(scope, file_folder):
    row = await uploads.create(scope, "contacts.csv", None, 1_000)
    contents = [bytes([letter]) * 500 for letter in b"abcd"]
    await asyncio.gather(*(uploads.receive(scope.workspace_id, row["id"], blocks(c), 1_000) for c in contents))
    [kept] = files_in(file_folder)
    assert kept in contents


async def test_a_file_that_is_too_large_or_incomplete_leaves_nothing(scope, file_folder):
    row = await uploads.create(scope, "contacts.csv", None, 100)

    async def breaking() -> AsyncIterator[bytes]:
        yield b"some"
        raise ConnectionResetError

    with pytest.raises(LimitExceeded, match="larger than 5 bytes"):
        await uploads.receive(scope.workspace_id, row["id"], blocks(b"123", b"456"), 5)
    with pytest.raises(ConnectionResetError):
        await uploads.receive(scope.workspace_id, row["id"], breaking(), 100)
    assert files_in(file_folder) == []
    with pytest.raises(NotAllowedInState, match="not been sent"):
        await uploads.get_stored(scope, row["id"])


async def test_a_file_cannot_be_replaced_after_its_import_has_started(scope, file_folder):
    upload = await sent(scope, "email\na@x.org\n")
    await start.from_upload(scope, upload, Options(mapped("email")))
    with pytest.raises(NotAllowedInState, match="has started"):
        await uploads.receive(scope.workspace_id, upload, blocks(b"other"), 100)
    assert files_in(file_folder) == [b"email\na@x.org\n"]


async def test_a_file_replaced_while_its_import_is_being_started_is_noticed(scope):
    upload = await sent(scope, "email\na@x.org\n")
    row = await uploads.get_stored(scope, upload)
    await uploads.receive(scope.workspace_id, upload, blocks(b"email\nb@x.org\n"), 100)
    with pytest.raises(NotAllowedInState, match="sent anew"):
        async with db.transaction():
            await uploads.take(scope, row)


async def test_an_upload_belongs_to_its_workspace(scope):
    other = await new_workspace("Other")
    row = await uploads.create(scope, "contacts.csv", None, 100)
    with pytest.raises(NotFound):
        await uploads.receive(other.workspace_id, row["id"], blocks(b"x"), 100)


async def test_filename_and_size_are_checked(scope):
    for filename, size, error in (
        ("", None, Invalid),
        ("a" * 301, None, Invalid),
        ("a", 101, LimitExceeded),
        ("a", -1, LimitExceeded),
    ):
        with pytest.raises(error):
            await uploads.create(scope, filename, size, 100)


async def test_a_removed_upload_leaves_nothing(scope, file_folder):
    upload = await sent(scope, "email\n")
    await uploads.remove(scope.workspace_id, upload)
    await uploads.remove(scope.workspace_id, upload)
    assert files_in(file_folder) == []
    assert [key async for key in storage().each_key("uploads")] == []


async def test_the_uploads_of_a_workspace_hold_no_more_than_ten_of_the_largest_files(scope, file_folder):
    other = await new_workspace("Other")
    for _ in range(10):
        row = await uploads.create(scope, "contacts.csv", None, 100)
        await uploads.receive(scope.workspace_id, row["id"], blocks(b"x" * 99), 100)
    row = await uploads.create(scope, "contacts.csv", 10, 100)
    with pytest.raises(LimitExceeded, match="would hold more than 1,000 bytes: each is removed 24 hours after"):
        await uploads.receive(scope.workspace_id, row["id"], blocks(b"x" * 11), 100)
    assert len(files_in(file_folder)) == 10
    with pytest.raises(LimitExceeded, match="would hold more than 1,000 bytes") as caught:
        await uploads.create(scope, "contacts.csv", 11, 100)
    assert caught.value.path == ("bytes",)
    assert await uploads.receive(scope.workspace_id, row["id"], blocks(b"x" * 10), 100) == 10
    theirs = await uploads.create(other, "contacts.csv", 100, 100)
    assert await uploads.receive(other.workspace_id, theirs["id"], blocks(b"x" * 100), 100) == 100
    assert await start.from_text(scope, "email\na@x.org\n", Options(mapped("email")))


async def test_files_that_arrive_at_once_hold_no_more_either(scope, file_folder):
    rows = [await uploads.create(scope, "contacts.csv", None, 100) for _ in range(15)]
    arrived = asyncio.Barrier(15)

    async def slowly() -> AsyncIterator[bytes]:
        yield b"x" * 60
        await arrived.wait()
        yield b"x" * 40

    received = await asyncio.gather(
        *(uploads.receive(scope.workspace_id, row["id"], slowly(), 100) for row in rows), return_exceptions=True
    )
    assert all(one == 100 or isinstance(one, LimitExceeded) for one in received)
    assert sum(map(len, files_in(file_folder))) <= 1_000
    assert await db.fetch_value("SELECT sum(bytes) FROM uploads") <= 1_000


async def test_a_workspace_has_no_more_than_a_thousand_uploads(scope, monkeypatch):
    monkeypatch.setattr(uploads, "MOST_UPLOADS", 2)
    for _ in range(2):
        await uploads.create(scope, "contacts.csv", None, 100)
    with pytest.raises(LimitExceeded, match="the workspace has 2 uploads, and may have 2"):
        await uploads.create(scope, "contacts.csv", None, 100)
    with pytest.raises(LimitExceeded, match="try again later") as caught:
        await start.from_text(scope, "email\na@x.org\n", Options(mapped("email")))
    assert caught.value.path == ("text",)
    assert await uploads.create(await new_workspace("Other"), "contacts.csv", None, 100)
