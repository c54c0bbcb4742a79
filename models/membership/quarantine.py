"""A rule that cannot be asked must not hold up the others: it is found, and set aside.

The compiler makes no such rules. Should one get through (a value that no type can hold, a bug), the segment is FAILED: its
members stay as they are until it gets a new rule, or is recomputed. One whose next rule is being built goes on to that.
"""

from collections.abc import Collection

import structlog

from models import db
from models.membership import compiled_rules, dirty_contacts, engine_lock, evaluate
from models.membership.dirty_contacts import Marks

log = structlog.get_logger(__name__)


_FAULTS = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, AssertionError)


class _Undo(Exception):
    """Nothing of this is to stay."""


def is_a_rules_fault(error: BaseException) -> bool:
    """Whether asking failed for what was asked, and would fail again: not because a server, or a lock, was not to be had."""
    return db.is_data_error(error) or isinstance(error, _FAULTS)


async def isolate(workspace_id: int, limit: int) -> list[int]:
    """Find the segments whose rules fail for the contacts that a slice of `limit` would take, set them aside, and name them."""
    return await isolate_for(workspace_id, await _next_contacts(workspace_id, limit))


async def isolate_for(workspace_id: int, contact_ids: Collection[int]) -> list[int]:
    """The same for these contacts."""
    failing = []
    for segment_id in await _followed(workspace_id):
        if not await _can_be_asked(workspace_id, segment_id, contact_ids):
            failing.append(segment_id)
            await _set_aside(workspace_id, segment_id)
    log.error("rules set aside", workspace=workspace_id, segments=failing)
    return failing


async def _next_contacts(workspace_id: int, limit: int) -> Collection[int]:
    marks: Marks = {}
    try:
        async with db.transaction():
            await engine_lock.take(workspace_id)
            marks, _ = await dirty_contacts.claim(workspace_id, limit)
            raise _Undo
    except _Undo:
        return marks.keys()


async def _followed(workspace_id: int) -> list[int]:
    async with db.transaction():
        lock = await engine_lock.take(workspace_id)
        return sorted((await compiled_rules.current(workspace_id, lock.epoch)).followed)


async def _can_be_asked(workspace_id: int, segment_id: int, contact_ids: Collection[int]) -> bool:
    try:
        async with db.transaction():
            lock = await engine_lock.take(workspace_id)
            compiled = await compiled_rules.current(workspace_id, lock.epoch)
            if segment_id in compiled.followed:
                await evaluate.evaluate(compiled, [segment_id], contact_ids, lock.now)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must not hold up the others
        return not is_a_rules_fault(error)
    return True


async def _set_aside(workspace_id: int, segment_id: int) -> None:
    async with db.transaction():
        await engine_lock.take(workspace_id)
        await db.execute(
            "UPDATE segments SET status = CASE status WHEN 'BUILDING' THEN status ELSE 'FAILED' END, active_rule = NULL,"
            " active_version = 0 WHERE workspace_id = $1 AND id = $2",
            workspace_id,
            segment_id,
        )
