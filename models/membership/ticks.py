"""What time alone has changed: who crossed a threshold of a rule since the last tick.

The work is in proportion to those who crossed, not to those there are: each threshold is looked up in an index. A tick takes
in all the time since the one before, however long that was.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from models import db
from models.membership.compiled_rules import CompiledRules
from models.membership.dirty_contacts import Marks
from models.membership.engine_lock import LOOK_AHEAD, EngineLock
from models.membership.statements import Statement
from models.rules.contact_changes import ContactChange

AT_ONCE: Final = 2_000
"""So many crossers are taken in with the slice that finds them. More of them are marked, and come in slices like a flood."""


async def cross(lock: EngineLock, compiled: CompiledRules) -> tuple[Marks, bool]:
    """The marks of those who crossed in (`turn.ticked_at`, `turn.now`], and False.

    Of more than AT_ONCE, none, and True: they are marked in the table instead.
    """
    if lock.ticked_at is None:
        return {}, False
    fields: dict[int, frozenset[ContactChange]] = {}
    for statement in compiled.crossers:
        rows = await _who(statement, lock.ticked_at, lock.now, AT_ONCE + 1)
        for contact_id, marks in rows:
            fields[contact_id] = fields.get(contact_id, frozenset()).union(marks)
        if len(rows) > AT_ONCE or len(fields) > AT_ONCE:
            await _mark(compiled, lock.ticked_at, lock.now)
            return {}, True
    return fields, False


async def is_calm(lock: EngineLock, compiled: CompiledRules) -> bool:
    """Whether nobody crosses a threshold soon, unless something is written."""
    for statement in compiled.crossers:
        if await _who(statement, lock.now, lock.now + LOOK_AHEAD, 1):
            return False
    return True


async def _who(statement: Statement, since: datetime, now: datetime, most: int) -> Sequence[db.Record]:
    arguments = await statement.parameters.values(now, since)
    return await db.fetch(f"{statement.sql} LIMIT {most}", *arguments)


async def _mark(compiled: CompiledRules, since: datetime, now: datetime) -> None:
    for statement in compiled.crossers:
        arguments = await statement.parameters.values(now, since)
        await db.execute(_MARK.format(crossers=statement.sql), *arguments)


# They have waited since the last tick, and it is told how long (`Workspace.freshness`).
_MARK = """
INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk, marked_at)
SELECT $1, x.contact_id, x.fields, true, (SELECT ticked_at FROM membership_heads WHERE workspace_id = $1) FROM ({crossers}) AS x
"""
