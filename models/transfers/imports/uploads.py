"""Uploaded files: announced, received, imported and removed."""

import math
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from models import clock, db
from models.accounts import audit_log
from models.db import Record
from models.errors import Invalid, LimitExceeded, NotAllowedInState, NotFound, at
from models.transfers.files import storage
from models.values.texts import check_name
from permissions.principal import Scope

SEND_WITHIN: Final = timedelta(hours=1)

KEPT_FOR: Final = timedelta(hours=24)
"""Imports can start on it so long."""

PASTED_BYTES: Final = 1_000_000

MOST_UPLOADS: Final = 1_000
QUOTA_FILES: Final = 10
"""What a workspace may have at once: so many uploads, and as many bytes as so many of the largest files."""


async def create(scope: Scope, filename: str, announced_bytes: int | None, most_bytes: int) -> Record:
    """Creates an upload. Raises Invalid or LimitExceeded at `filename` or `bytes`."""
    try:
        name = check_name(filename, 300)
    except Invalid as error:
        raise error.under("filename") from None
    if announced_bytes is not None and not 0 <= announced_bytes <= most_bytes:
        raise LimitExceeded(f"the file has {announced_bytes:,} bytes: at most {most_bytes:,} can be sent", ("bytes",))
    stored = await _stored_bytes(scope.workspace_id)
    if stored + (announced_bytes or 0) > QUOTA_FILES * most_bytes:
        raise _too_much(QUOTA_FILES * most_bytes).under("bytes")
    async with db.transaction():
        row = await _create(scope, name)
        await audit_log.record(scope, "staged_upload_create", "StagedUpload", row["id"])
    return row


async def _create(scope: Scope, name: str) -> Record:
    """Raises LimitExceeded when the workspace has MOST_UPLOADS already."""
    there = await db.fetch_value("SELECT count(*) FROM uploads WHERE workspace_id = $1", scope.workspace_id)
    if there >= MOST_UPLOADS:
        raise LimitExceeded(
            f"the workspace has {there:,} uploads, and may have {MOST_UPLOADS:,}: each is removed 24 hours after it was"
            " made. Import several lists as one file, or try again later"
        )
    row = await db.fetch_row(
        """
        INSERT INTO uploads (workspace_id, filename, created_by, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5) RETURNING *
        """,
        scope.workspace_id,
        name,
        scope.principal.id,
        clock.now(),
        clock.now() + KEPT_FOR,
    )
    assert row is not None
    return row


async def _stored_bytes(workspace_id: int, but_of: int = 0) -> int:
    return int(
        await db.fetch_value(
            "SELECT coalesce(sum(bytes), 0) FROM uploads WHERE workspace_id = $1 AND id <> $2", workspace_id, but_of
        )
    )


def _too_much(quota_bytes: int) -> LimitExceeded:
    return LimitExceeded(
        f"with this file the uploads of the workspace would hold more than {quota_bytes:,} bytes: each is removed 24"
        " hours after it was made. Send a smaller file, or try again later"
    )


async def receive(workspace_id: int, upload_id: int, blocks: AsyncIterator[bytes], most_bytes: int) -> int:
    """Stores a file in place of an earlier one, and returns its bytes.

    Raises NotFound, LimitExceeded for the file or for all of the workspace, and NotAllowedInState once an import uses
    it; nothing is stored then.
    """
    return await _receive(workspace_id, upload_id, blocks, most_bytes, QUOTA_FILES * most_bytes)


async def _receive(
    workspace_id: int, upload_id: int, blocks: AsyncIterator[bytes], most_bytes: int, quota_bytes: int | None = None
) -> int:
    """Without a quota, only the number of uploads is bounded."""
    await _replaceable_key(workspace_id, upload_id)
    stored = await _stored_bytes(workspace_id, upload_id)
    key, received = f"uploads/{workspace_id}/{upload_id}/{secrets.token_hex(8)}", 0
    with _arriving(workspace_id) as count:
        async with storage().writer(key) as writer:
            async for block in blocks:
                received += len(block)
                if received > most_bytes:
                    raise LimitExceeded(f"the file is larger than {most_bytes:,} bytes: split it, and import its parts")
                if stored + count(len(block)) > (quota_bytes or math.inf):
                    raise _too_much(quota_bytes or 0)
                await writer.write(block)
        await _use(workspace_id, upload_id, key, received)
    return received


_arriving_bytes: Final[Counter[int]] = Counter()
"""By workspace: of the files that this process is receiving, which no row counts yet."""


@contextmanager
def _arriving(workspace_id: int) -> Iterator[Callable[[int], int]]:
    """Gives a function that adds bytes, and returns how many the workspace is sending at this moment."""
    added = 0

    def add(count: int) -> int:
        nonlocal added
        added += count
        _arriving_bytes[workspace_id] += count
        return _arriving_bytes[workspace_id]

    try:
        yield add
    finally:
        _arriving_bytes[workspace_id] -= added
        if not _arriving_bytes[workspace_id]:
            del _arriving_bytes[workspace_id]


async def _use(workspace_id: int, upload_id: int, key: str, received: int) -> None:
    try:
        replaced = await _set_key(workspace_id, upload_id, key, received)
    except BaseException:
        await storage().delete(key)
        raise
    if replaced is not None:
        await storage().delete(replaced)


async def _set_key(workspace_id: int, upload_id: int, key: str, received: int) -> str | None:
    """Returns the key of the file that it replaces, or None."""
    async with db.transaction():
        replaced: str | None = await _replaceable_key(workspace_id, upload_id)
        await db.execute(
            "UPDATE uploads SET key = $3, bytes = $4, stored_at = $5 WHERE workspace_id = $1 AND id = $2",
            workspace_id,
            upload_id,
            key,
            received,
            clock.now(),
        )
    return replaced


async def _replaceable_key(workspace_id: int, upload_id: int) -> str | None:
    """Lock the upload. Raises NotFound or NotAllowedInState."""
    row = await db.fetch_row(
        "SELECT key, taken_at FROM uploads WHERE workspace_id = $1 AND id = $2 FOR UPDATE", workspace_id, upload_id
    )
    if row is None:
        raise NotFound("there is no such upload any more: ask for a new one")
    if row["taken_at"] is not None:
        raise NotAllowedInState("an import has started on this file already: ask for a new upload")
    key: str | None = row["key"]
    return key


async def keep_text(scope: Scope, text: str) -> Record:
    """Stores pasted rows as an upload. Raises LimitExceeded or Invalid at `text`."""
    content = text.encode("utf-8", "surrogatepass")
    if len(content) > PASTED_BYTES:
        raise LimitExceeded(
            f"this is {len(content):,} bytes: paste up to {PASTED_BYTES:,}, or upload a file", ("text",)
        )
    if not text.strip():
        raise Invalid("there are no rows: paste a header and at least one row", ("text",))
    with at("text"):
        row = await _create(scope, "pasted rows")
    await _receive(scope.workspace_id, row["id"], _single_block(content), PASTED_BYTES)
    return await get_stored(scope, row["id"], ("text",))


async def _single_block(block: bytes) -> AsyncIterator[bytes]:
    yield block


async def get_stored(scope: Scope, upload_id: int, path: Sequence[str | int] = ("uploadId",)) -> Record:
    """Raises NotFound, or NotAllowedInState without a file, at `path`."""
    row = await db.fetch_row("SELECT * FROM uploads WHERE workspace_id = $1 AND id = $2", scope.workspace_id, upload_id)
    if row is None:
        raise NotFound("there is no such upload: it may have expired. Ask for a new one with stagedUploadCreate", path)
    if row["expires_at"] <= clock.now():
        raise NotAllowedInState("this upload has expired: ask for a new one with stagedUploadCreate", path)
    if row["key"] is None:
        raise NotAllowedInState("the file has not been sent yet: PUT it to the upload's url first", path)
    return row


async def take(scope: Scope, upload: Record, path: Sequence[str | int] = ("uploadId",)) -> None:
    """Marks the file as used: it can no longer be replaced.

    Call it in a transaction. Raises NotAllowedInState at `path` when it was replaced after `upload` was read.
    """
    taken = await db.execute(
        "UPDATE uploads SET taken_at = coalesce(taken_at, $4) WHERE workspace_id = $1 AND id = $2 AND key = $3",
        scope.workspace_id,
        upload["id"],
        upload["key"],
        clock.now(),
    )
    if not taken:
        raise NotAllowedInState("the file was sent anew at this moment: start the import again", path)


async def remove(workspace_id: int, upload_id: int) -> None:
    # A query removes what cannot be read, and it may be at a node, where nothing is written.
    async with db.transaction():
        key = await db.fetch_value(
            "DELETE FROM uploads WHERE workspace_id = $1 AND id = $2 RETURNING key", workspace_id, upload_id
        )
    if key is not None:
        await storage().delete(key)
