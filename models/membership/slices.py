"""A slice of a workspace's work, in one transaction: marks claimed, time taken in, rules asked, the difference applied.

If anything fails, all of it rolls back: the marks are there again, and nobody was told anything.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from models import db
from models.membership import apply, builds, captures, crossings, evaluate, rulebook, turns
from models.membership.apply import Append
from models.membership.captures import Marks
from models.membership.rulebook import Rulebook
from models.membership.turns import Turn


@dataclass(frozen=True, slots=True)
class Slice:
    """What a slice did: `contacts` looked at, `changes` logged; whether `more` contacts wait."""

    contacts: int
    changes: int
    more: bool


async def take_in(workspace_id: int, limit: int, on_turn: Callable[[], Awaitable[None]] | None = None) -> Slice:
    """Take in what was written about up to `limit` contacts, and the time that has passed.

    `on_turn` is called when the turn is held and before anything is read. Raises what the database raises, when the turn is
    not to be had for long too: come again.
    """
    async with db.transaction():
        turn = await turns.take(workspace_id)
        if on_turn is not None:
            await on_turn()
        book = await rulebook.current(workspace_id, turn.epoch)
        marks, more = await captures.claim(workspace_id, limit)
        is_due = turn.is_due(book.ticks)
        if is_due:
            crossed, others_wait = await crossings.cross(turn, book)
            marks, more = _together(marks, crossed), more or others_wait
        changes = await _settle(turn, book, marks) if marks else 0
        if is_due:
            await turns.ticked(turn, ticks=book.ticks, calm=await crossings.is_calm(turn, book))
        elif marks:
            await turns.stirred(turn)
    return Slice(len(marks), changes, more)


async def _settle(turn: Turn, book: Rulebook, marks: Marks) -> int:
    append = await apply.begin(turn.workspace_id, turn.now)
    await settle(turn, book, append, marks)
    await apply.close(append)
    return append.size


def _together(marks: Marks, others: Marks) -> Marks:
    return {**marks, **{contact: marks.get(contact, frozenset()) | fields for contact, fields in others.items()}}


async def settle(turn: Turn, book: Rulebook, append: Append, marks: Marks) -> None:
    """Bring every segment that reads what is marked up to date for the marked contacts, level by level."""
    swapping = await builds.being_swapped(book)
    await _bury_the_dead(append, marks, swapping)
    for level in range(len(book.levels)):
        for segment_ids, contact_ids in evaluate.affected(book, level, marks).items():
            wanted = [segment_id for segment_id in segment_ids if segment_id not in swapping]
            difference = await evaluate.evaluate(book, wanted, contact_ids, turn.now)
            if difference:
                await apply.write(append, difference)
                marks = and_moved(marks, difference)
    await builds.remember(book, marks)


async def _bury_the_dead(append: Append, marks: Marks, swapping: frozenset[int]) -> None:
    """Those that were deleted; and those that a hand put into a segment at the moment of their deletion."""
    dead = [
        contact_id
        for contact_id, fields in marks.items()
        if "-" in fields or any(name.startswith("segment:") for name in fields)
    ]
    if dead:
        await apply.bury(append, dead, swapping)


def and_moved(marks: Marks, difference: apply.Difference) -> Marks:
    """The marks, and one more on each contact for each segment that it has entered or left: others' rules may read that."""
    moved = dict(marks)
    for segment_id, contact_id in zip(difference.segment_ids, difference.contact_ids, strict=True):
        moved[contact_id] = moved.get(contact_id, frozenset()) | {f"segment:{segment_id}"}
    return moved
