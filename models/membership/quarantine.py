"""Sets aside rules that cannot be evaluated, so that the other segments go on.

The segment keeps its members and is FAILED until it is rebuilt; with a next rule it stays BUILDING.
"""

from collections.abc import Collection

import structlog

from models import db
from models.accounts import audit_log
from models.membership import compiled_rules, dirty_contacts, engine_lock, evaluate
from models.membership.dirty_contacts import Marks

log = structlog.get_logger(__name__)


_FAULTS = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, AssertionError)


class _RollBack(Exception):
    """Ends a transaction whose claim must not stay."""


def is_a_rules_fault(error: BaseException) -> bool:
    """Whether it would fail again: because of the rule or the data, not of a server or a lock."""
    return db.is_data_error(error) or isinstance(error, _FAULTS)


async def isolate(workspace_id: int, limit: int) -> list[int]:
    return await isolate_for(workspace_id, await _next_contacts(workspace_id, limit))


async def isolate_for(workspace_id: int, contact_ids: Collection[int]) -> list[int]:
    failing = []
    for segment_id in await _segments_with_rules(workspace_id):
        if not await _can_be_evaluated(workspace_id, segment_id, contact_ids):
            failing.append(segment_id)
            await set_aside(workspace_id, segment_id)
    log.error("rules set aside", workspace=workspace_id, segments=failing)
    return failing


async def _next_contacts(workspace_id: int, limit: int) -> Collection[int]:
    marks: Marks = {}
    try:
        async with db.transaction():
            await engine_lock.take(workspace_id)
            marks = (await dirty_contacts.claim(workspace_id, limit)).marks
            raise _RollBack
    except _RollBack:
        return marks.keys()


async def _segments_with_rules(workspace_id: int) -> list[int]:
    async with db.transaction():
        lock = await engine_lock.take(workspace_id)
        return sorted((await compiled_rules.current(workspace_id, lock.epoch)).rules)


async def _can_be_evaluated(workspace_id: int, segment_id: int, contact_ids: Collection[int]) -> bool:
    try:
        async with db.transaction():
            lock = await engine_lock.take(workspace_id)
            compiled = await compiled_rules.current(workspace_id, lock.epoch)
            if segment_id in compiled.rules:
                await evaluate.evaluate(compiled, [segment_id], contact_ids, lock.now)
    except Exception as error:  # noqa: BLE001 - no error of one rule may stop the others
        return not is_a_rules_fault(error)
    return True


async def set_aside(workspace_id: int, segment_id: int) -> None:
    async with db.transaction():
        await engine_lock.take(workspace_id)
        await db.execute(
            "UPDATE segments SET status = CASE WHEN status = 'BUILDING' THEN status ELSE 'FAILED' END, active_rule = NULL,"
            " active_version = 0 WHERE workspace_id = $1 AND id = $2",
            workspace_id,
            segment_id,
        )
        await audit_log.record_system(workspace_id, "segment_fail", "Segment", segment_id)
