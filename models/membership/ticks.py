"""Finds contacts that crossed a threshold since the last tick, by index: the cost grows with these only."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from models import db
from models.membership.compiled_rules import CompiledRules
from models.membership.dirty_contacts import Marks
from models.membership.engine_lock import LOOK_AHEAD, EngineLock
from models.membership.statements import Statement
from models.rules.contact_changes import ContactChange
from models.scores import engine as scores

AT_ONCE: Final = 2_000
"""More are marked as bulk, and wait."""


async def cross(lock: EngineLock, compiled: CompiledRules) -> tuple[Marks, bool]:
    """The marks of contacts that crossed in (`lock.ticked_at`, `lock.now`]; none and True when they wait."""
    if lock.ticked_at is None:
        return {}, False
    changes: dict[int, frozenset[ContactChange]] = {}
    if compiled.scores:
        changes |= await scores.due(compiled.scores, lock.ticked_at, lock.now, AT_ONCE + 1)
    for statement in compiled.crossers:
        rows = await _crossers(statement, lock.ticked_at, lock.now, AT_ONCE + 1)
        for contact_id, fields in rows:
            changes[contact_id] = changes.get(contact_id, frozenset()).union(fields)
        if len(rows) > AT_ONCE or len(changes) > AT_ONCE:
            return await _mark(compiled, lock.ticked_at, lock.now)
    if len(changes) > AT_ONCE:
        return await _mark(compiled, lock.ticked_at, lock.now)
    return changes, False


async def is_calm(lock: EngineLock, compiled: CompiledRules) -> bool:
    """Whether nobody crosses within LOOK_AHEAD, unless something is written."""
    if compiled.scores and await scores.due(compiled.scores, lock.now, lock.now + LOOK_AHEAD, 1):
        return False
    for statement in compiled.crossers:
        if await _crossers(statement, lock.now, lock.now + LOOK_AHEAD, 1):
            return False
    return True


async def _crossers(statement: Statement, since: datetime, now: datetime, limit: int) -> Sequence[db.Record]:
    arguments = await statement.parameters.values(now, since)
    return await db.fetch(f"{statement.sql} LIMIT {limit}", *arguments)


async def _mark(compiled: CompiledRules, since: datetime, now: datetime) -> tuple[Marks, bool]:
    """Marks all of them. Returns what `cross` says then."""
    if compiled.scores:
        await scores.mark_due(compiled.scores, since, now)
    for statement in compiled.crossers:
        arguments = await statement.parameters.values(now, since)
        ticked_at = f"${len(arguments) + 1}::timestamptz"
        await db.execute(_MARK.format(crossers=statement.sql, ticked_at=ticked_at), *arguments, since)
    return {}, True


# They count as waiting since the last tick (`Workspace.freshness`).
_MARK = """
INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk, marked_at)
SELECT $1, x.contact_id, x.fields, true, {ticked_at} FROM ({crossers}) AS x
"""
