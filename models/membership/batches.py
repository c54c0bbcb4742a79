"""A slice of a workspace's work, in one transaction: marks claimed, time taken in, rules asked, the difference applied.

If anything fails, all of it rolls back: the marks are there again, and nobody was told anything.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from models import db
from models.membership import apply, builds, compiled_rules, dirty_contacts, engine_lock, evaluate, ticks
from models.membership.apply import Append
from models.membership.compiled_rules import CompiledRules
from models.membership.dirty_contacts import Marks
from models.membership.engine_lock import EngineLock
from models.rules.contact_changes import may_be_deleted, membership_changed


@dataclass(frozen=True, slots=True)
class Batch:
    """What a slice did: `contacts` looked at, `changes` logged; whether `more` contacts wait."""

    contacts: int
    changes: int
    more: bool


async def process_batch(workspace_id: int, limit: int, on_turn: Callable[[], Awaitable[None]] | None = None) -> Batch:
    """Take in what was written about up to `limit` contacts, and the time that has passed.

    `on_turn` is called when the turn is held and before anything is read. Raises what the database raises, when the turn is
    not to be had for long too: come again.
    """
    async with db.transaction():
        lock = await engine_lock.take(workspace_id)
        if on_turn is not None:
            await on_turn()
        compiled = await compiled_rules.current(workspace_id, lock.epoch)
        marks, more = await dirty_contacts.claim(workspace_id, limit)
        is_due = lock.is_due(compiled.ticks)
        if is_due:
            crossed, others_wait = await ticks.cross(lock, compiled)
            marks, more = _together(marks, crossed), more or others_wait
        changes = await _settle(lock, compiled, marks) if marks else 0
        if is_due:
            await engine_lock.ticked(lock, ticks=compiled.ticks, calm=await ticks.is_calm(lock, compiled))
        elif marks:
            await engine_lock.stirred(lock)
    return Batch(len(marks), changes, more)


async def _settle(lock: EngineLock, compiled: CompiledRules, marks: Marks) -> int:
    append = await apply.begin(lock.workspace_id, lock.now)
    await settle(lock, compiled, append, marks)
    await apply.close(append)
    return append.size


def _together(marks: Marks, others: Marks) -> Marks:
    return {**marks, **{contact: marks.get(contact, frozenset()) | fields for contact, fields in others.items()}}


async def settle(lock: EngineLock, compiled: CompiledRules, append: Append, marks: Marks) -> None:
    """Bring every segment that reads what is marked up to date for the marked contacts, level by level."""
    swapping = await builds.being_swapped(compiled)
    await _remove_deleted_contacts(append, marks, swapping)
    for level in range(len(compiled.levels)):
        for segment_ids, contact_ids in evaluate.affected(compiled, level, marks).items():
            wanted = [segment_id for segment_id in segment_ids if segment_id not in swapping]
            difference = await evaluate.evaluate(compiled, wanted, contact_ids, lock.now)
            if difference:
                await apply.write(append, difference)
                marks = with_moved(marks, difference)
    await builds.remember(compiled, marks)


async def _remove_deleted_contacts(append: Append, marks: Marks, swapping: frozenset[int]) -> None:
    """Those that were deleted; and those that a hand put into a segment at the moment of their deletion."""
    dead = [contact_id for contact_id, changes in marks.items() if may_be_deleted(changes)]
    if dead:
        await apply.remove_deleted(append, dead, swapping)


def with_moved(marks: Marks, difference: apply.Difference) -> Marks:
    """The marks, and one more on each contact for each segment that it has entered or left: others' rules may read that."""
    moved = dict(marks)
    for segment_id, contact_id in zip(difference.segment_ids, difference.contact_ids, strict=True):
        moved[contact_id] = moved.get(contact_id, frozenset()) | {membership_changed(segment_id)}
    return moved
