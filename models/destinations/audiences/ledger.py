"""The ledger of an audience: for each contact, what should be at Meta, what is or may be there, and what has to be done.

`sent` is written before a row can be at Meta, and taken away after it is certainly gone: whatever dies in between, nobody stays
there who is not known here. Only the worker that holds the audience writes its ledger.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple

from models import db
from models.destinations.audiences.audiences import AudienceMode


class State(StrEnum):
    PRESENT = "PRESENT"
    PENDING = "PENDING"
    UNMATCHABLE = "UNMATCHABLE"
    """A member with none of the keys."""
    EXCLUDED = "EXCLUDED"
    """A member who opted out."""
    REFUSED = "REFUSED"
    """A member whose row Meta calls invalid."""
    LEAVING = "LEAVING"
    """No member any more, and to be taken out."""
    KEPT = "KEPT"
    """No member any more, in an audience that only adds."""


class Due(IntEnum):
    NOTHING = 0
    REMOVE_NOW = 1
    """Also in a paused audience: the person opted out, or was deleted."""
    REMOVE = 2
    ADD = 3


class Entry(NamedTuple):
    """A contact in the ledger. `certain`: `sent` is there, and not only may be."""

    state: State
    wanted: bytes | None = None
    sent: bytes | None = None
    certain: bool = True
    due: Due = Due.NOTHING


class Person(NamedTuple):
    """What is true of a contact now. `row` None: it has none of the keys."""

    is_member: bool
    exists: bool = True
    opted_out: bool = False
    row: bytes | None = None


NOBODY: Final = Entry(State.LEAVING)


def present(row: bytes) -> Entry:
    """A member whose row is there."""
    return Entry(State.PRESENT, row, row)


def decide(mode: AudienceMode, person: Person, was: Entry | None) -> Entry | None:
    """What the ledger should say; None: nothing, the contact is not in it."""
    was = was or NOBODY
    if person.is_member and person.exists:
        return _of_member(mode, person, was)
    if was.sent is None:
        return None
    if not person.exists or person.opted_out:
        return Entry(State.LEAVING, None, was.sent, was.certain, Due.REMOVE_NOW)
    if mode is AudienceMode.ADD_ONLY:
        return Entry(State.KEPT, None, was.sent, was.certain)
    return Entry(State.LEAVING, None, was.sent, was.certain, Due.REMOVE)


def _of_member(mode: AudienceMode, person: Person, was: Entry) -> Entry:
    there, row = was.sent, person.row
    if person.opted_out:
        due = Due.NOTHING if there is None else Due.REMOVE_NOW
        return Entry(State.EXCLUDED, None, there, was.certain, due)
    if row is None:
        removed = there is not None and mode is not AudienceMode.ADD_ONLY
        return Entry(State.UNMATCHABLE, None, there, was.certain, Due.REMOVE if removed else Due.NOTHING)
    if there is not None and there != row:
        return Entry(State.PENDING, row, there, was.certain, Due.REMOVE)
    if was.state is State.REFUSED and was.wanted == row:
        return Entry(State.REFUSED, row, there, was.certain)
    if there == row and was.certain:
        return present(row)
    return Entry(State.PENDING, row, there, certain=there is None, due=Due.ADD)


# ---------------------------------------------------------------- stored


async def read(workspace_id: int, audience_id: int, contact_ids: Collection[int]) -> dict[int, Entry]:
    rows = await db.fetch(
        """
        SELECT contact_id, state, wanted, sent, certain, due FROM audience_members
        WHERE workspace_id = $1 AND audience_id = $2 AND contact_id = ANY ($3::bigint[])
        """,
        workspace_id,
        audience_id,
        list(contact_ids),
    )
    return {row[0]: Entry(State(row[1]), row[2], row[3], row[4], Due(row[5])) for row in rows}


async def write(
    workspace_id: int, audience_id: int, before: Mapping[int, Entry], after: Mapping[int, Entry | None]
) -> Counter[State]:
    """Writes what differs. Returns how many more contacts are in each state. `after` has all contacts of `before`."""
    changed = {contact: entry for contact, entry in after.items() if entry is not None and entry != before.get(contact)}
    new = {contact: entry for contact, entry in changed.items() if contact not in before}
    gone = [contact for contact, entry in after.items() if entry is None and contact in before]
    if new:
        await db.copy_in("audience_members", _COLUMNS, _records(workspace_id, audience_id, new))
    if len(changed) > len(new):
        await _update(workspace_id, audience_id, {key: value for key, value in changed.items() if key in before})
    if gone:
        await db.execute(_DELETE, workspace_id, audience_id, gone)
    more = Counter(entry.state for entry in changed.values())
    more.subtract(Counter(before[contact].state for contact in (*changed, *gone) if contact in before))
    return more


_COLUMNS: Final = ["workspace_id", "audience_id", "contact_id", "state", "wanted", "sent", "certain", "due"]


def _records(workspace_id: int, audience_id: int, entries: Mapping[int, Entry]) -> Sequence[Sequence[object]]:
    return [
        (workspace_id, audience_id, contact, one.state.value, one.wanted, one.sent, one.certain, one.due.value)
        for contact, one in entries.items()
    ]


_DELETE: Final = """
    DELETE FROM audience_members WHERE workspace_id = $1 AND audience_id = $2 AND contact_id = ANY ($3::bigint[])
"""


async def _update(workspace_id: int, audience_id: int, entries: Mapping[int, Entry]) -> None:
    columns = list(zip(*_records(workspace_id, audience_id, entries), strict=True))[2:]
    await db.execute(
        """
        UPDATE audience_members AS m SET state = g.state, wanted = g.wanted, sent = g.sent, certain = g.certain, due = g.due
        FROM unnest($3::bigint[], $4::text[], $5::bytea[], $6::bytea[], $7::boolean[], $8::smallint[])
            AS g (contact_id, state, wanted, sent, certain, due)
        WHERE m.workspace_id = $1 AND m.audience_id = $2 AND m.contact_id = g.contact_id
        """,
        workspace_id,
        audience_id,
        *map(list, columns),
    )
