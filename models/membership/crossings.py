"""What time alone has changed: who crossed a line of a rule since the last tick.

The work is in proportion to those who crossed, not to those there are: each line is looked up in an index. A tick takes
in all the time since the one before, however long that was.
"""

from datetime import datetime
from typing import Final

from models import db
from models.membership.captures import Marks
from models.membership.rulebook import Rulebook
from models.membership.turns import LOOK_AHEAD, Turn

AT_ONCE: Final = 2_000
"""So many crossers are taken in with the slice that finds them. More of them are marked, and come in slices like a flood."""


async def cross(turn: Turn, book: Rulebook) -> Marks:
    """The marks of those who crossed in (`turn.ticked_at`, `turn.now`].

    Of more than AT_ONCE, none: they are marked in the table instead.
    """
    if book.crossers is None or turn.ticked_at is None:
        return {}
    arguments = await book.crossers.parameters.values(turn.now, turn.ticked_at)
    rows = await db.fetch(f"{book.crossers.sql} LIMIT {AT_ONCE + 1}", *arguments)
    if len(rows) > AT_ONCE:
        await _mark(book, turn.ticked_at, turn.now)
        return {}
    fields: dict[int, frozenset[str]] = {}
    for contact_id, marks in rows:
        fields[contact_id] = fields.get(contact_id, frozenset()).union(marks)
    return fields


async def is_calm(turn: Turn, book: Rulebook) -> bool:
    """Whether nobody crosses a line soon, unless something is written."""
    if book.crossers is None:
        return True
    arguments = await book.crossers.parameters.values(turn.now + LOOK_AHEAD, turn.now)
    return not await db.fetch(f"{book.crossers.sql} LIMIT 1", *arguments)


async def _mark(book: Rulebook, since: datetime, now: datetime) -> None:
    assert book.crossers is not None
    arguments = await book.crossers.parameters.values(now, since)
    await db.execute(_MARK.format(crossers=book.crossers.sql), *arguments)


_MARK = """
INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk)
SELECT $1, x.contact_id, x.fields, true FROM ({crossers}) AS x
"""
