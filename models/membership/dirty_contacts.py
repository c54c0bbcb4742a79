"""What was written: marks on contacts, made by triggers in the writer's own transaction.

A mark says which contact, and what changed of it (`models.rules.contact_changes`).
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models import clock, db
from models.queue import work
from models.queue.enqueue import enqueue
from models.rules.contact_changes import ContactChange
from permissions.principal import Scope

Marks = Mapping[int, frozenset[ContactChange]]
"""What changed, by contact."""

NEWEST: Final = 200
"""Of people's own edits the newest so many go first, so that a backlog of a million does not hold up an edit made now."""


MANY: Final = 100
"""Of what one call writes about more contacts than this, people's single edits go before."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far a workspace's dynamic segments are behind the data.

    `pending_contacts` have a change not yet taken in. Everything committed before `as_of` is taken in, the passing of time
    included; `lag_seconds` is how long ago that is.
    """

    pending_contacts: int
    lag_seconds: float
    as_of: datetime


async def mark(workspace_id: int, contact_ids: Sequence[int], change: ContactChange) -> None:
    """Mark contacts, for a statement whose own change no trigger captures. More than MANY are marked as bulk."""
    if not contact_ids:
        return
    await db.execute(_MARK, workspace_id, list(contact_ids), [change], len(contact_ids) > MANY)
    await enqueue(work.PROCESS_CHANGES, workspace_id)


_MARK = """
INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk) SELECT $1, unnest($2::bigint[]), $3::text[], $4
"""


@asynccontextmanager
async def as_bulk(*, only_if: bool = True) -> AsyncIterator[None]:
    """What the caller's transaction writes inside is marked as bulk: whatever else waits is taken in before."""
    if not only_if:
        yield
        return
    assert db.in_a_transaction(), "it is said for a stretch of a transaction"
    await db.execute("SET LOCAL muster.capture = 'bulk'")
    yield
    await db.execute("SET LOCAL muster.capture = ''")


async def claim(workspace_id: int, limit: int) -> tuple[Marks, bool]:
    """Take the marks of up to `limit` contacts, all that each has, and say whether others may wait. A rollback puts them back."""
    rows = await db.fetch(_CLAIM, workspace_id, limit, min(limit, NEWEST))
    fields: dict[int, frozenset[ContactChange]] = {}
    for contact_id, changed in rows:
        known = fields.get(contact_id)
        fields[contact_id] = frozenset(changed) if known is None else known.union(changed)
    return fields, len(rows) >= limit


# The newest few and the oldest, people's own edits before bulk: (workspace_id, bulk, id) is the key.
_CLAIM = """
WITH picked AS MATERIALIZED (
    (SELECT contact_id FROM dirty_contacts WHERE workspace_id = $1 AND NOT bulk ORDER BY id DESC LIMIT $3)
    UNION
    (SELECT contact_id FROM dirty_contacts WHERE workspace_id = $1 ORDER BY bulk, id LIMIT $2)
)
DELETE FROM dirty_contacts AS d USING picked WHERE d.workspace_id = $1 AND d.contact_id = picked.contact_id
RETURNING d.contact_id, d.fields
"""


async def waiting() -> list[int]:
    """The workspaces that have marks. Its cost grows with the workspaces that have some, not with the marks."""
    return [row["workspace_id"] for row in await db.fetch(_WAITING)]


_WAITING = """
WITH RECURSIVE found (workspace_id) AS (
    (SELECT workspace_id FROM dirty_contacts ORDER BY workspace_id LIMIT 1)
    UNION ALL
    SELECT (SELECT d.workspace_id FROM dirty_contacts AS d WHERE d.workspace_id > found.workspace_id
            ORDER BY d.workspace_id LIMIT 1)
    FROM found WHERE found.workspace_id IS NOT NULL
)
SELECT workspace_id FROM found WHERE workspace_id IS NOT NULL
"""


async def as_of(scope: Scope) -> datetime:
    """The instant as of which every dynamic segment of the workspace is right. Cheap, whatever waits."""
    now = clock.now()
    behind: datetime | None = await db.fetch_value(_AS_OF, scope.workspace_id)
    return now if behind is None else min(now, behind)


# Marks are made in the order of their ids, but for some microseconds.
_AS_OF = """
SELECT least(
    (SELECT marked_at FROM dirty_contacts WHERE workspace_id = $1 AND NOT bulk ORDER BY id LIMIT 1),
    (SELECT marked_at FROM dirty_contacts WHERE workspace_id = $1 AND bulk ORDER BY id LIMIT 1),
    (SELECT greatest(ticked_at, calm_until) FROM membership_heads WHERE workspace_id = $1))
"""


async def freshness(scope: Scope) -> Freshness:
    """How far the workspace's dynamic segments are behind."""
    right_at = await as_of(scope)
    pending = await db.fetch_value(
        "SELECT count(DISTINCT contact_id) FROM dirty_contacts WHERE workspace_id = $1", scope.workspace_id
    )
    return Freshness(pending, max(0.0, (clock.now() - right_at).total_seconds()), right_at)
