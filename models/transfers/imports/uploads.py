"""Uploaded files: announced, received, imported and removed."""

import secrets
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Final

from models import clock, db
from models.accounts import audit_log
from models.db import Record
from models.errors import Invalid, LimitExceeded, NotAllowedInState, NotFound
from models.transfers.files import storage
from models.values.texts import check_name
from permissions.principal import Scope

SEND_WITHIN: Final = timedelta(hours=1)

KEPT_FOR: Final = timedelta(hours=24)
"""Imports can start on it so long."""

PASTED_BYTES: Final = 1_000_000


async def create(scope: Scope, filename: str, announced_bytes: int | None, most_bytes: int) -> Record:
    """Raises Invalid or LimitExceeded at `filename` or `bytes`."""
    try:
        name = check_name(filename, 300)
    except Invalid as error:
        raise error.under("filename") from None
    if announced_bytes is not None and not 0 <= announced_bytes <= most_bytes:
        raise LimitExceeded(f"the file has {announced_bytes:,} bytes: at most {most_bytes:,} can be sent", ("bytes",))
    async with db.transaction():
        row = await _create(scope, name)
        await audit_log.record(scope, "staged_upload_create", "StagedUpload", row["id"])
    return row


async def _create(scope: Scope, name: str) -> Record:
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


async def receive(workspace_id: int, upload_id: int, blocks: AsyncIterator[bytes], most_bytes: int) -> int:
    """Replaces an earlier file.

    Gives the bytes. Raises NotFound, LimitExceeded, and NotAllowedInState once an import uses it; nothing is stored
    then.
    """
    await _replaceable_key(workspace_id, upload_id)
    key, received = f"uploads/{workspace_id}/{upload_id}/{secrets.token_hex(8)}", 0
    async with storage().writer(key) as writer:
        async for block in blocks:
            received += len(block)
            if received > most_bytes:
                raise LimitExceeded(f"the file is larger than {most_bytes:,} bytes: split it, and import its parts")
            await writer.write(block)
    try:
        replaced = await _set_key(workspace_id, upload_id, key, received)
    except BaseException:
        await storage().delete(key)
        raise
    if replaced is not None:
        await storage().delete(replaced)
    return received


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
    row = await _create(scope, "pasted rows")
    await receive(scope.workspace_id, row["id"], _single_block(content), PASTED_BYTES)
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
    key = await db.fetch_value(
        "DELETE FROM uploads WHERE workspace_id = $1 AND id = $2 RETURNING key", workspace_id, upload_id
    )
    if key is not None:
        await storage().delete(key)
