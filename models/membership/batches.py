"""One batch of a workspace, in one transaction."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from models import db
from models.changelog import contact_hints
from models.membership import (
    apply,
    audience_marks,
    builds,
    captured,
    causes,
    compiled_rules,
    dirty_contacts,
    engine_lock,
    evaluate,
    signals,
    ticks,
)
from models.membership.apply import Append
from models.membership.causes import Causes
from models.membership.compiled_rules import CompiledRules
from models.membership.dirty_contacts import Claim, Marks
from models.membership.engine_lock import EngineLock
from models.rules.contact_changes import ContactChange, may_be_deleted, membership_changed
from models.scores import engine as scores


@dataclass(frozen=True, slots=True)
class BatchResult:
    contacts: int
    changes: int
    more: bool


async def process_batch(
    workspace_id: int, limit: int, on_locked: Callable[[], Awaitable[None]] | None = None
) -> BatchResult:
    """`on_locked` runs before anything is read. Raises db.Busy when the engine lock is not free soon."""
    async with db.transaction():
        append_id = await engine_lock.wait(workspace_id)
        if on_locked is not None:
            await on_locked()
        claim = await dirty_contacts.claim(workspace_id, limit)
        # Read after the marks: a workflow that listened when a contact changed is never unknown to the batch with its mark.
        lock = await engine_lock.read(workspace_id, append_id)
        compiled = await compiled_rules.current(workspace_id, lock.epoch)
        marks, more = claim.marks, claim.more
        is_due = lock.is_due(compiled.ticks)
        if is_due:
            crossed, others_wait = await ticks.cross(lock, compiled)
            marks, more = _together(marks, crossed), more or others_wait
        changes = await _settle(lock, compiled, marks, claim) if marks else 0
        if is_due:
            await engine_lock.record_tick(lock, ticks=compiled.ticks, calm=await ticks.is_calm(lock, compiled))
        elif marks:
            await engine_lock.end_calm(lock)
        await contact_hints.contacts_changed(workspace_id, marks)
    return BatchResult(len(marks), changes, more)


async def _settle(lock: EngineLock, compiled: CompiledRules, marks: Marks, claim: Claim) -> int:
    append = apply.begin_locked(lock)
    led = causes.causes_of(claim.rows) if lock.listens else None
    scored = await settle(lock, compiled, append, marks, led)
    if lock.has_audiences:
        await audience_marks.record(lock.workspace_id, marks)
    if lock.listens:
        await signals.write(lock.workspace_id, claim.rows, scored, led, lock.now)
    position = await apply.close(append, captured.pairs_of(marks))
    if led is not None and position is not None:
        await signals.record_causes(lock.workspace_id, led, position, append.size)
    return append.size


def _together(marks: Marks, others: Marks) -> Marks:
    return {**marks, **{contact: marks.get(contact, frozenset()) | changes for contact, changes in others.items()}}


async def settle(
    lock: EngineLock, compiled: CompiledRules, append: Append, marks: Marks, led: Causes | None = None
) -> Marks:
    """Scores first, because rules read them. No score depends on itself, so the rounds come to an end.

    Returns which scores changed. `led` learns what led to each change.
    """
    scored: Marks = {}
    swapping = await builds.being_swapped(compiled)
    await _remove_deleted_contacts(append, marks, swapping)
    while marks:
        if compiled.scores:
            changed = _frozen(await scores.settle(compiled.scores, marks, lock.now))
            marks, scored = _together(marks, changed), _together(scored, changed)
            if led is not None:
                led.follow_scores(compiled, changed)
        marks, moved = await _settle_segments(lock, compiled, append, marks, swapping, led)
        await builds.record_changes(compiled, marks)
        marks = {
            contact_id: changes
            for contact_id, changes in moved.items()
            if compiled.scores and scores.read_memberships(compiled.scores, changes)
        }
    return scored


async def _settle_segments(
    lock: EngineLock,
    compiled: CompiledRules,
    append: Append,
    marks: Marks,
    swapping: frozenset[int],
    led: Causes | None,
) -> tuple[Marks, Marks]:
    """Returns the marks with those of segments that were entered or left, and the latter alone."""
    moved: Marks = {}
    for level in range(len(compiled.levels)):
        for segment_ids, contact_ids in evaluate.affected(compiled, level, marks).items():
            to_evaluate = [segment_id for segment_id in segment_ids if segment_id not in swapping]
            difference = await evaluate.evaluate(compiled, to_evaluate, contact_ids, lock.now)
            if difference:
                await apply.write(append, difference)
                if led is not None:
                    await led.follow(compiled, difference)
                marks, moved = with_moved(marks, difference), with_moved(moved, difference)
    return marks, moved


def _frozen(changed: Mapping[int, set[ContactChange]]) -> Marks:
    return {contact_id: frozenset(changes) for contact_id, changes in changed.items()}


async def _remove_deleted_contacts(append: Append, marks: Marks, swapping: frozenset[int]) -> None:
    """Also removes contacts that were added to a segment during their deletion."""
    deleted = [contact_id for contact_id, changes in marks.items() if may_be_deleted(changes)]
    if deleted:
        await apply.remove_deleted(append, deleted, swapping)


def with_moved(marks: Marks, difference: apply.Difference) -> Marks:
    """Adds a mark for each segment entered or left: other rules may read it."""
    moved = dict(marks)
    for segment_id, contact_id in zip(difference.segment_ids, difference.contact_ids, strict=True):
        moved[contact_id] = moved.get(contact_id, frozenset()) | {membership_changed(segment_id)}
    return moved
