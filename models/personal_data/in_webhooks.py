"""What stored webhooks hold of one person: those that wait, and those that failed."""

from typing import Any, Final

import orjson

from models import db
from models.personal_data.identity import Identity

AT_ONCE: Final = 200


async def erase(workspace_id: int, identity: Identity) -> bool:
    """Removes what the person said or was told. Returns whether something that nobody had read was among it."""
    unread = await _erase_waiting(workspace_id, identity)
    return await _erase_failed(workspace_id, identity) or unread


async def _erase_waiting(workspace_id: int, identity: Identity) -> bool:
    """Takes the person's items out of each webhook and leaves the others."""
    unread, after = False, 0
    while True:
        async with db.transaction():
            rows = await db.fetch(
                """
                SELECT id, body FROM webhook_inbox WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3 FOR UPDATE
                """,
                workspace_id,
                after,
                AT_ONCE,
            )
            for row in rows:
                body = without_items(row["body"], identity)
                if body != row["body"]:
                    unread = True
                    await _replace(workspace_id, row["id"], body)
        if not rows:
            return unread
        after = rows[-1]["id"]


async def _replace(workspace_id: int, webhook_id: int, body: bytes | None) -> None:
    if body is None:
        await db.execute("DELETE FROM webhook_inbox WHERE workspace_id = $1 AND id = $2", workspace_id, webhook_id)
    else:
        sql = "UPDATE webhook_inbox SET body = $3 WHERE workspace_id = $1 AND id = $2"
        await db.execute(sql, workspace_id, webhook_id, body)


async def _erase_failed(workspace_id: int, identity: Identity) -> bool:
    """Each row is one item, or a webhook that nobody can read: it goes as a whole."""
    unread, after = False, 0
    while True:
        rows = await db.fetch(
            "SELECT id, body, reason FROM webhook_failures WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3",
            workspace_id,
            after,
            AT_ONCE,
        )
        if not rows:
            return unread
        ids = [row["id"] for row in rows if _names(row, identity)]
        await db.execute(
            "DELETE FROM webhook_failures WHERE workspace_id = $1 AND id = ANY ($2::bigint[])", workspace_id, ids
        )
        unread, after = unread or bool(ids), rows[-1]["id"]


async def failed_of(workspace_id: int, identity: Identity) -> list[db.Record]:
    """What could not be processed of webhooks about the person."""
    rows = await db.fetch(
        "SELECT item, body, reason, received_at FROM webhook_failures WHERE workspace_id = $1 ORDER BY id", workspace_id
    )
    return [row for row in rows if _names(row, identity)]


def _names(row: db.Record, identity: Identity) -> bool:
    return without_items(row["body"], identity) != row["body"] or identity.mentioned_in(row["reason"])


def without_items(body: bytes, identity: Identity) -> bytes | None:
    """The same webhook without the items that name the person; None when it cannot be taken apart and names the person.

    An untouched body is returned as it is.
    """
    text = body.decode("utf-8", "replace")
    if not _may_name(text, identity):
        return body
    try:
        left = _without(orjson.loads(body), identity)
    except orjson.JSONDecodeError:
        return None
    return None if left is _NAMED else orjson.dumps(left)


def _may_name(text: str, identity: Identity) -> bool:
    """JSON may write any character as an escape, so only a text without escapes can be passed over."""
    return "\\u" in text or any(one in text.lower() for one in (*identity.words, *identity.digits))


_NAMED: Final = object()


def _without(value: Any, identity: Identity) -> Any:
    """The value without the elements of lists that name the person; `_NAMED` when it names the person itself."""
    if isinstance(value, str):
        return _NAMED if identity.mentioned_in(value) else value
    if isinstance(value, list):
        return [one for one in (_without(one, identity) for one in value) if one is not _NAMED]
    if isinstance(value, dict):
        left = {name: _without(one, identity) for name, one in value.items()}
        return _NAMED if any(one is _NAMED for one in left.values()) else left
    return value
