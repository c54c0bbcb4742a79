"""Marks on contacts: what changed of them. Triggers write them with the change."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from models import clock, db
from models.db.distinct import workspaces_in
from models.queue import work
from models.queue.enqueue import enqueue
from models.rules.contact_changes import ContactChange
from permissions.principal import Scope

Marks = Mapping[int, frozenset[ContactChange]]

NEWEST: Final = 200
"""These go first: an edit does not wait for a backlog."""


MANY: Final = 100
"""More contacts in one call are bulk, and wait for single edits."""


@dataclass(frozen=True, slots=True)
class Freshness:
    """Changes and crossings before `as_of` are processed."""

    pending_contacts: int
    lag_seconds: float
    as_of: datetime


async def mark(workspace_id: int, contact_ids: Sequence[int], change: ContactChange) -> None:
    """Marks contacts as changed where no trigger does it."""
    if not contact_ids:
        return
    await db.execute(_MARK, workspace_id, list(contact_ids), [change], len(contact_ids) > MANY)
    await enqueue(work.PROCESS_CHANGES, workspace_id)


_MARK = """
INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk) SELECT $1, unnest($2::bigint[]), $3::text[], $4
"""


@asynccontextmanager
async def as_bulk(*, only_if: bool = True) -> AsyncIterator[None]:
    """What is written inside is processed after all other changes."""
    if not only_if:
        yield
        return
    assert db.in_a_transaction(), "the setting is local to a transaction"
    await db.execute("SET LOCAL muster.capture = 'bulk'")
    yield
    await db.execute("SET LOCAL muster.capture = ''")


@asynccontextmanager
async def marked_by_hand() -> AsyncIterator[None]:
    """What is written inside marks nobody: its statement does."""
    assert db.in_a_transaction(), "the setting is local to a transaction"
    await db.execute("SET LOCAL muster.capture = 'off'")
    yield
    await db.execute("SET LOCAL muster.capture = ''")


@dataclass(frozen=True, slots=True)
class Claim:
    """`rows` are the marks one by one, in no order. `more`: others wait."""

    marks: Marks
    rows: Sequence[db.Record]
    more: bool


async def claim(workspace_id: int, limit: int) -> Claim:
    """Remove and return all marks of up to `limit` contacts."""
    rows = await db.fetch(_CLAIM, workspace_id, limit, min(limit, NEWEST))
    fields: dict[int, frozenset[ContactChange]] = {}
    for row in rows:
        contact_id, changed = row[0], row[1]
        known = fields.get(contact_id)
        fields[contact_id] = frozenset(changed) if known is None else known.union(changed)
    return Claim(fields, rows, len(rows) >= limit)


# The index is (workspace_id, bulk, marked_at, id).
_CLAIM = """
WITH picked AS MATERIALIZED (
    (SELECT contact_id FROM dirty_contacts WHERE workspace_id = $1 AND NOT bulk ORDER BY marked_at DESC, id DESC LIMIT $3)
    UNION
    (SELECT contact_id FROM dirty_contacts WHERE workspace_id = $1 ORDER BY bulk, marked_at, id LIMIT $2)
)
DELETE FROM dirty_contacts AS d USING picked WHERE d.workspace_id = $1 AND d.contact_id = picked.contact_id
RETURNING d.contact_id, d.fields, d.id, d.activity_id, d.marked_at, d.cause
"""


async def waiting() -> list[int]:
    """The cost grows with the workspaces, not with their marks."""
    return await workspaces_in("dirty_contacts")


async def oldest(workspace_id: int) -> datetime | None:
    """When the first mark in the order of processing was written, of a person or of bulk work; None without marks."""
    marked_at: datetime | None = await db.fetch_value(_OLDEST, workspace_id)
    return marked_at


_OLDEST = """
SELECT min(marked_at) FROM (
    (SELECT marked_at FROM dirty_contacts WHERE workspace_id = $1 AND NOT bulk ORDER BY marked_at, id LIMIT 1)
    UNION ALL
    (SELECT marked_at FROM dirty_contacts WHERE workspace_id = $1 AND bulk ORDER BY marked_at, id LIMIT 1)
) AS first
"""


async def as_of(scope: Scope) -> datetime:
    """The instant as of which every dynamic segment is right. It is cheap, however many marks wait."""
    now = clock.now()
    oldest: datetime | None = await db.fetch_value(_AS_OF, scope.workspace_id)
    return now if oldest is None else min(now, oldest)


_AS_OF = """
SELECT least(
    (SELECT marked_at FROM dirty_contacts WHERE workspace_id = $1 AND NOT bulk ORDER BY marked_at, id LIMIT 1),
    (SELECT marked_at FROM dirty_contacts WHERE workspace_id = $1 AND bulk ORDER BY marked_at, id LIMIT 1),
    (SELECT greatest(ticked_at, calm_until) FROM membership_heads WHERE workspace_id = $1))
"""


async def freshness(scope: Scope) -> Freshness:
    right_at = await as_of(scope)
    pending = await db.fetch_value(
        "SELECT count(DISTINCT contact_id) FROM dirty_contacts WHERE workspace_id = $1", scope.workspace_id
    )
    return Freshness(pending, max(0.0, (clock.now() - right_at).total_seconds()), right_at)
