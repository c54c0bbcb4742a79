"""Compares stored members with the rules, round after round. A difference is drift.

Contacts with unprocessed changes wait for the next round.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Final

import structlog
from prometheus_client import Counter

from models import clock, db
from models.membership import apply, batches, builds, compiled_rules, engine_lock, evaluate, ticks
from models.membership.apply import Append, Difference
from models.membership.compiled_rules import CompiledRules
from models.membership.dirty_contacts import Marks
from models.membership.engine_lock import EngineLock

log = structlog.get_logger(__name__)

AT_ONCE: Final = 500

drifted = Counter("muster_drift_total", "Members and counts that were wrong and were corrected.")
_compared = Counter("muster_audited_contacts_total", "Contacts whose memberships were compared with the rules.")


@dataclass(frozen=True, slots=True)
class AuditResult:
    contacts: int
    drift: int
    is_over: bool


async def find_next_workspace() -> int | None:
    """The workspace with dynamic segments that was audited longest ago; those that never were come first."""
    workspace_id: int | None = await db.fetch_value(_NEVER_AUDITED, *await _rounds.next())
    return await db.fetch_value(_AUDITED_LONGEST_AGO) if workspace_id is None else workspace_id


_rounds: Final = db.Rounds()

_NEVER_AUDITED: Final = """
    /* all workspaces */ SELECT w.id FROM workspaces AS w LEFT JOIN membership_audits AS a ON a.workspace_id = w.id
    WHERE w.id > $1 AND w.id <= $2 AND a.workspace_id IS NULL
      AND EXISTS (SELECT 1 FROM segments AS s WHERE s.workspace_id = w.id AND s.kind <> 'STATIC' AND s.deleted_at IS NULL)
    ORDER BY w.id LIMIT 1
"""

_AUDITED_LONGEST_AGO: Final = """
    /* all workspaces */ SELECT a.workspace_id FROM membership_audits AS a
    JOIN LATERAL (SELECT 1 FROM segments AS s
                  WHERE s.workspace_id = a.workspace_id AND s.kind <> 'STATIC' AND s.deleted_at IS NULL LIMIT 1) AS s ON true
    ORDER BY a.audited_at LIMIT 1
"""


async def step(workspace_id: int, limit: int = AT_ONCE) -> AuditResult:
    async with db.transaction():
        lock = await engine_lock.take(workspace_id)
        compiled = await compiled_rules.current(workspace_id, lock.epoch)
        append = await apply.begin(workspace_id, lock.now)
        if lock.ticked_at is not None:  # members can be compared with the rules of one moment only
            crossed, _ = await ticks.cross(lock, compiled)
            await batches.settle(lock, compiled, append, crossed)
        contact_ids = await next_contacts(workspace_id, limit)
        drift = await _compare(lock, compiled, append, contact_ids)
        await apply.close(append)
        if lock.ticked_at is not None:
            await engine_lock.record_tick(lock, ticks=compiled.ticks)
        is_over = len(contact_ids) < limit
        await _record(workspace_id, contact_ids, drift, is_over)
    if is_over:
        drift += await _compare_counts(workspace_id)
    _compared.inc(len(contact_ids))
    drifted.inc(drift)
    return AuditResult(len(contact_ids), drift, is_over)


async def postpone(workspace_id: int) -> None:
    await db.execute(
        """
        INSERT INTO membership_audits (workspace_id, audited_at) VALUES ($1, $2)
        ON CONFLICT (workspace_id) DO UPDATE SET audited_at = $2
        """,
        workspace_id,
        clock.now(),
    )


# Contacts, and members that are no contacts.
_NEXT = """
SELECT contact_id FROM (
    (SELECT id AS contact_id FROM contacts WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3)
    UNION
    (SELECT contact_id FROM memberships WHERE workspace_id = $1 AND contact_id > $2
     GROUP BY contact_id ORDER BY contact_id LIMIT $3)
) AS next_ones ORDER BY contact_id LIMIT $3
"""


async def next_contacts(workspace_id: int, limit: int = AT_ONCE) -> list[int]:
    after = await db.fetch_value("SELECT contact_id FROM membership_audits WHERE workspace_id = $1", workspace_id)
    return [row["contact_id"] for row in await db.fetch(_NEXT, workspace_id, after or 0, limit)]


async def _compare(lock: EngineLock, compiled: CompiledRules, append: Append, contact_ids: Sequence[int]) -> int:
    drift = 0
    moved: Marks = {}
    unsettled = await builds.unfinished(lock.workspace_id)
    for level in compiled.levels:
        segment_ids = [segment_id for segment_id in level if segment_id not in unsettled]
        difference = await evaluate.evaluate(compiled, segment_ids, contact_ids, lock.now)
        difference = difference.only(await _are_settled(lock.workspace_id, difference.contact_ids))
        drift += await _mend(append, difference)
        moved = batches.with_moved(moved, difference)
    await builds.record_changes(compiled, moved)
    return drift + await _remove_deleted(append, await _deleted(lock.workspace_id, contact_ids), unsettled)


async def _are_settled(workspace_id: int, contact_ids: Sequence[int]) -> list[bool]:
    """Call it after the comparison: what that saw is marked by now. Removing marks needs the engine lock."""
    if not contact_ids:
        return []
    rows = await db.fetch(
        "SELECT DISTINCT contact_id FROM dirty_contacts WHERE workspace_id = $1 AND contact_id = ANY ($2::bigint[])",
        workspace_id,
        list(contact_ids),
    )
    marked = {row["contact_id"] for row in rows}
    return [contact_id not in marked for contact_id in contact_ids]


async def _deleted(workspace_id: int, contact_ids: Sequence[int]) -> list[int]:
    rows = await db.fetch(
        "SELECT id FROM contacts WHERE workspace_id = $1 AND id = ANY ($2::bigint[])", workspace_id, list(contact_ids)
    )
    missing = sorted(set(contact_ids) - {row["id"] for row in rows})
    return list(compress(missing, await _are_settled(workspace_id, missing)))


async def _remove_deleted(append: Append, deleted: Sequence[int], unsettled: Collection[int]) -> int:
    removed = await apply.remove_deleted(append, deleted, unsettled) if deleted else 0
    if removed:
        log.error("drift corrected: members that are no contacts", workspace=append.workspace_id, members=removed)
    return removed


async def _mend(append: Append, difference: Difference) -> int:
    if not difference:
        return 0
    log.error(
        "drift corrected",
        workspace=append.workspace_id,
        segments=sorted(set(difference.segment_ids))[:20],
        members=len(difference),
    )
    return await apply.write(append, difference)


async def _record(workspace_id: int, contact_ids: Sequence[int], drift: int, is_over: bool) -> None:
    await db.execute(
        """
        INSERT INTO membership_audits AS a (workspace_id, contact_id, round, compared, drift, audited_at)
        VALUES ($1, $2, 1 + $5::int, $3, $4, $6)
        ON CONFLICT (workspace_id) DO UPDATE SET contact_id = $2, round = a.round + $5::int, compared = a.compared + $3,
            drift = a.drift + $4, audited_at = $6
        """,
        workspace_id,
        0 if is_over or not contact_ids else contact_ids[-1],
        len(contact_ids),
        drift,
        int(is_over),
        clock.now(),
    )


# ---------------------------------------------------------------- counts


async def _compare_counts(workspace_id: int) -> int:
    rows = await db.fetch("SELECT id FROM segments WHERE workspace_id = $1 ORDER BY id", workspace_id)
    return sum([await _compare_count(workspace_id, row["id"]) for row in rows])


async def _compare_count(workspace_id: int, segment_id: int) -> int:
    """With the head of the log locked, no change is half done.

    Where `deleted_at` is the epoch, models.segments.purge removes members uncounted.
    """
    async with db.transaction():
        await db.execute("SELECT 1 FROM membership_heads WHERE workspace_id = $1 FOR UPDATE", workspace_id)
        wrong = await db.execute(_CORRECT_COUNT, workspace_id, segment_id)
    if wrong:
        log.error("member count corrected", workspace=workspace_id, segment=segment_id)
    return wrong


# What is captured and not logged yet is not counted yet.
_CORRECT_COUNT: Final = """
UPDATE segments AS s SET member_count = counted.members - captured.members
FROM (SELECT count(*) AS members FROM memberships WHERE workspace_id = $1 AND segment_id = $2) AS counted,
     (SELECT coalesce(sum(CASE WHEN kind = 'ENTERED' THEN 1 ELSE -1 END), 0) AS members FROM captured_members
      WHERE workspace_id = $1 AND segment_id = $2) AS captured
WHERE s.workspace_id = $1 AND s.id = $2 AND s.member_count <> counted.members - captured.members
  AND s.deleted_at IS DISTINCT FROM 'epoch'
"""
