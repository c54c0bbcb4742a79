"""What happened to contacts since the last batch, from the log of members and from signals, in the order of time."""

from bisect import bisect_left
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

import structlog

from models import db
from models.changelog import readers
from models.changelog.members import MEMBERS, MembershipChange
from models.changelog.read import LogPage, NotInLog, read_head
from models.db.distinct import workspaces_in
from models.workflows import sources
from models.workflows.causes import NOBODY, Cause, parse
from models.workflows.plans import Plan, Plans
from models.workflows.sources import READER
from permissions.principal import Scope

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Happening:
    """`word` as in sources.py. `position` is that in the log of members; None: it was signalled. `detail` is the signal's.

    `order` is its place among those of the batch, by when they happened.
    """

    word: str
    contact_id: int
    at: datetime
    cause: Cause = NOBODY
    position: int | None = None
    activity_id: int | None = None
    detail: Any = None
    order: int = 0

    def concerns(self, plan: Plan) -> bool:
        """Whether the workflow listened already when it happened."""
        since, since_at = plan.since_of(self.word)
        return self.position > since if self.position is not None else self.at >= since_at


@asynccontextmanager
async def next_ones(plans: Plans, limit: int) -> AsyncIterator[tuple[list[Happening], bool]]:
    """Up to `limit` changes of members and as many signals; and whether more wait.

    They are gone for good when the ambient transaction commits.
    """
    async with _next_changes(plans, limit) as page:
        changed = await _of_log(plans.scope, page)
        signals = await _take_signals(plans.scope, limit)
        yield in_order(signals + changed), page.more or len(signals) >= limit


def in_order(happenings: list[Happening]) -> list[Happening]:
    """A change of a contact comes before the changes of members that follow from it."""
    happenings.sort(key=attrgetter("at"))
    for order, one in enumerate(happenings):
        one.order = order
    return happenings


# ---------------------------------------------------------------- the log of members


@asynccontextmanager
async def _next_changes(plans: Plans, limit: int) -> AsyncIterator[LogPage[MembershipChange]]:
    scope, segment_ids = plans.scope, plans.segment_ids
    try:
        async with readers.next_page(scope, MEMBERS, READER, limit, segment_ids) as page:
            yield LogPage([], 0, False) if page is None else page
    except NotInLog as error:
        await _begin_anew(scope, error)
        yield LogPage([], 0, True)


async def _begin_anew(scope: Scope, error: NotInLog) -> None:
    """What was dropped unread is lost: workers were away for longer than the log is kept, or a backup was restored."""
    log.error("workflows missed changes of members", workspace=scope.workspace_id, problem=error.message)
    head = await read_head(scope, MEMBERS)
    await db.execute(
        "UPDATE changelog_readers SET position = $3 WHERE workspace_id = $1 AND reader_kind = $2 AND reader_id = 0",
        scope.workspace_id,
        READER.kind,
        head.position,
    )


async def _of_log(scope: Scope, page: LogPage[MembershipChange]) -> list[Happening]:
    if not page.entries:
        return []
    causes = await _causes(scope, page)
    words = {
        (kind, segment_id): f"{word}{segment_id}"
        for segment_id in {entry.segment_id for entry in page.entries}
        for kind, word in (("ENTERED", sources.ENTERED), ("LEFT", sources.LEFT))
    }
    happenings = [
        Happening(words[entry.kind, entry.segment_id], entry.contact_id, entry.at, NOBODY, entry.position)
        for entry in page.entries
    ]
    for happening, entry in zip(happenings, page.entries, strict=True) if causes else ():
        of_these = causes.get((entry.segment_id, entry.contact_id))
        if of_these is not None:
            happening.cause = of_these.of(entry.position)
    return happenings


@dataclass(slots=True)
class _Causes:
    """Of the changes of one contact in one segment, in the order of positions."""

    until: list[int]
    after: list[int]
    causes: list[Cause]

    def of(self, position: int) -> Cause:
        index = bisect_left(self.until, position)
        return self.causes[index] if index < len(self.until) and self.after[index] < position else NOBODY


async def _causes(scope: Scope, page: LogPage[MembershipChange]) -> dict[tuple[int, int], _Causes]:
    rows = await db.fetch(_CAUSES, scope.workspace_id, page.entries[0].position)
    causes: dict[tuple[int, int], _Causes] = {}
    for segment_id, contact_id, position, after, cause in rows:
        of_these = causes.setdefault((segment_id, contact_id), _Causes([], [], []))
        of_these.until.append(position)
        of_these.after.append(after)
        of_these.causes.append(parse(cause))
    if rows:
        await db.execute(
            "DELETE FROM workflow_causes WHERE workspace_id = $1 AND position <= $2", scope.workspace_id, page.position
        )
    return causes


_CAUSES = """
SELECT segment_id, contact_id, position, after_position, cause FROM workflow_causes
WHERE workspace_id = $1 AND position >= $2 ORDER BY position
"""


# ---------------------------------------------------------------- signals


async def _take_signals(scope: Scope, limit: int) -> list[Happening]:
    rows: Sequence[db.Record] = await db.fetch(_TAKE, scope.workspace_id, limit)
    return [
        Happening(
            source, contact_id, at, parse(cause), None, activity_id, None if detail is None else db.load_json(detail)
        )
        for _, source, contact_id, at, cause, activity_id, detail in sorted(rows, key=lambda row: row["id"])
    ]


_TAKE = """
WITH first AS MATERIALIZED (SELECT id FROM workflow_signals WHERE workspace_id = $1 ORDER BY id LIMIT $2)
DELETE FROM workflow_signals AS s USING first WHERE s.workspace_id = $1 AND s.id = first.id
RETURNING s.id, s.source, s.contact_id, s.at, s.cause, s.activity_id, s.detail
"""


async def waiting(among: db.Span = db.EVERY) -> list[int]:
    """Workspaces with signals, and those `among` these with changes of members to read."""
    signalled = await workspaces_in("workflow_signals")
    behind = [workspace_id for workspace_id, _ in await readers.behind(MEMBERS, READER.kind, among=among)]
    return list(dict.fromkeys(signalled + behind))
