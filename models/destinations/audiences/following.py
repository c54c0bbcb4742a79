"""Brings the ledger up to what is true now, from the logs, from marks on contacts, and by comparing all members.

Whatever says that something changed, only names contacts. What should be at Meta is read anew from the segment, the contact and
its consent: so any order, any repetition and any scan come to the same.
"""

from collections.abc import Callable, Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from models import clock, db
from models.changelog import readers
from models.changelog.events import EVENTS, EventType, SegmentDeleted
from models.changelog.members import MEMBERS
from models.changelog.read import NotInLog
from models.contacts import suppressions
from models.destinations.audiences import ledger, runs, sending
from models.destinations.audiences.audiences import AudienceStatus, reader_of
from models.destinations.audiences.ledger import Due, Entry, Person, State, present
from models.destinations.audiences.runs import Run
from models.destinations.audiences.sending import Chosen
from models.membership import engine_lock
from models.segments import uses
from models.segments.uses import UseKind

AT_ONCE: Final = 10_000
"""Contacts in one transaction."""

_ENTRIES_AT_ONCE: Final = 5_000

SEGMENT_GONE: Final = (
    "Its segment was deleted: restore the segment and resume the audience, or delete the audience. Until then people who opt out"
    " are still taken out."
)


# ---------------------------------------------------------------- looking at contacts


async def look(run: Run, contact_ids: Collection[int], changes: Mapping[str, Any] | None = None) -> None:
    """Writes what the ledger should say of these contacts, and `changes` of the audience, in the ambient transaction."""
    assert db.in_a_transaction(), "the ledger is written in the transaction of what it follows"
    before = await ledger.read(run.workspace_id, run.audience_id, contact_ids)
    people = await _people(run, contact_ids, await _members(run, contact_ids, before))
    await _write(run, before, _decided(run, people, before), changes or {})


def _decided(run: Run, people: Mapping[int, Person], before: Mapping[int, Entry]) -> dict[int, Entry | None]:
    mode = run.mode
    return {contact: ledger.decide(mode, person, before.get(contact)) for contact, person in people.items()}


async def _write(
    run: Run, before: Mapping[int, Entry], after: Mapping[int, Entry | None], changes: Mapping[str, Any]
) -> None:
    more = await ledger.write(run.workspace_id, run.audience_id, before, after)
    behind: dict[str, Any] = {}
    if run.audience.behind_since is None and any(one is not None and one.due for one in after.values()):
        behind["behind_since"] = clock.now()
    await runs.write(run, {**behind, **changes}, more)


async def _people(run: Run, contact_ids: Collection[int], members: Set[int]) -> dict[int, Person]:
    contacts = await db.fetch(_CONTACTS, run.workspace_id, list(contact_ids))
    stopped = await suppressions.find_stopped(
        run.workspace_id, {row["phone_key"] for row in contacts if row["phone_key"] is not None}
    )
    row_of: Callable[[Any], bytes | None] = run.rows.row_of
    people = {
        row["id"]: Person(
            row["id"] in members,
            True,
            row["whatsapp_consent"] == "OPTED_OUT" or row["phone_key"] in stopped,
            row_of(row) if row["id"] in members else None,
        )
        for row in contacts
    }
    return {**dict.fromkeys(contact_ids, Person(is_member=False, exists=False)), **people}


_CONTACTS: Final = """
    SELECT id, email, phone, phone_key, first_name, last_name, date_of_birth, whatsapp_consent FROM contacts
    WHERE workspace_id = $1 AND id = ANY ($2::bigint[])
"""


async def _members(run: Run, contact_ids: Collection[int], before: Mapping[int, Entry]) -> set[int]:
    """Of a segment that was deleted, those who were members then."""
    if run.audience.segment_gone:
        return {contact for contact, one in before.items() if one.state not in (State.LEAVING, State.KEPT)}
    rows = await db.fetch(
        """
        SELECT contact_id FROM memberships
        WHERE workspace_id = $1 AND segment_id = $2 AND contact_id = ANY ($3::bigint[])
        """,
        run.workspace_id,
        run.audience.segment_id,
        list(contact_ids),
    )
    return {row["contact_id"] for row in rows}


# ---------------------------------------------------------------- what changed


async def follow(run: Run) -> bool:
    """Takes the next of what changed. False: there was nothing."""
    if not run.audience.segment_gone and (await _follow_events(run) or await _follow_members(run)):
        return True
    if run.audience.segment_gone:
        await readers.stop(run.scope, reader_of(run.audience_id))
    return await _follow_marks(run)


async def _follow_members(run: Run) -> bool:
    try:
        only = [run.audience.segment_id]
        async with readers.next_page(run.scope, MEMBERS, reader_of(run.audience_id), _ENTRIES_AT_ONCE, only) as page:
            if page is None or not (page.entries or page.more):
                return False
            # Read after the page: the exits that a deletion logs are not what is followed.
            if await _is_deleted(run):
                await _end(run)
                return True
            contacts = dict.fromkeys(entry.contact_id for entry in page.entries)
            if contacts:
                await look(run, contacts)
            return True
    except NotInLog:
        await _compare_anew(run)
        return True


async def _is_deleted(run: Run) -> bool:
    deleted_at: datetime | None = await db.fetch_value(
        "SELECT deleted_at FROM segments WHERE workspace_id = $1 AND id = $2",
        run.workspace_id,
        run.audience.segment_id,
    )
    return deleted_at is not None


async def _follow_events(run: Run) -> bool:
    """Whether the segment was deleted."""
    try:
        only = [EventType.SEGMENT_DELETED]
        async with readers.next_page(run.scope, EVENTS, reader_of(run.audience_id), _ENTRIES_AT_ONCE, only) as page:
            if page is None or not page.entries:
                return False
            named = {one.payload.segment_id for one in page.entries if isinstance(one.payload, SegmentDeleted)}
            if run.audience.segment_id in named and await _is_deleted(run):
                await _end(run)
            return True
    except NotInLog:
        await _compare_anew(run)
        return True


async def _end(run: Run) -> None:
    """The segment was deleted: the audience stays as it is, and says so."""
    await runs.write(
        run,
        {
            "status": AudienceStatus.PAUSED,
            "reason": SEGMENT_GONE,
            "blocked_by": None,
            "segment_gone": True,
            "scanned_up_to": None,
        },
    )
    await uses.release(run.scope, UseKind.AUDIENCE, run.audience_id)


async def _compare_anew(run: Run) -> None:
    """The log no longer has what followed our position."""
    async with db.transaction():
        await readers.stop(run.scope, reader_of(run.audience_id))
        for log in (MEMBERS, EVENTS):
            await readers.start(run.scope, log, reader_of(run.audience_id))
        await runs.write(run, {"scanned_up_to": 0})
        if await _is_deleted(run):
            await _end(run)


async def _follow_marks(run: Run) -> bool:
    async with db.transaction():
        rows = await db.fetch(_MARKS, run.workspace_id, run.audience.marks_read, AT_ONCE)
        if not rows:
            return False
        await look(run, {row["contact_id"] for row in rows}, {"marks_read": rows[-1]["id"]})
    await db.execute(_FORGET_MARKS, run.workspace_id, await _read_by_all(run))
    return True


_MARKS: Final = "SELECT id, contact_id FROM audience_marks WHERE workspace_id = $1 AND id > $2 ORDER BY id LIMIT $3"

_FORGET_MARKS: Final = "DELETE FROM audience_marks WHERE workspace_id = $1 AND id <= $2"


async def _read_by_all(run: Run) -> int:
    read: int | None = await db.fetch_value(
        "SELECT min(marks_read) FROM audiences WHERE workspace_id = $1 AND deleted_at IS NULL", run.workspace_id
    )
    return read or 0


# ---------------------------------------------------------------- comparing all


@dataclass(frozen=True, slots=True)
class Scanned:
    """`new`: members who were not in the ledger and are to be sent at once. It says PRESENT of them, and SCAN is noted."""

    new: Chosen | None = None


async def scan(run: Run, *, to_send: bool) -> Scanned | None:
    """Compares the next members and entries of the ledger, in the order of contacts. None: all are compared."""
    after = run.audience.scanned_up_to
    if after is None:
        return None
    if after == 0:  # a batch that began before there was an audience marks nothing for it
        await engine_lock.wait_for_holder(run.workspace_id)
    async with db.transaction():
        members = await _ids(_MEMBER_IDS, run, run.audience.segment_id, after)
        listed = await _ids(_LISTED_IDS, run, run.audience_id, after)
        full = [ids[-1] for ids in (members, listed) if len(ids) == AT_ONCE]
        until = min(full) if full else None
        contacts = {contact for contact in (*members, *listed) if until is None or contact <= until}
        before = await ledger.read(run.workspace_id, run.audience_id, contacts.intersection(listed))
        decided = _decided(run, await _people(run, contacts, set(members)), before)
        changes: dict[str, Any] = {"scanned_up_to": until}
        chosen = _new_ones(before, decided) if to_send else None
        if chosen is not None:
            decided |= {contact: present(row) for contact, row in zip(chosen.contact_ids, chosen.rows, strict=True)}
            changes |= sending.in_flight("SCAN", chosen)
        await _write(run, before, decided, changes)
    return Scanned(chosen)


def _new_ones(before: Mapping[int, Entry], decided: Mapping[int, Entry | None]) -> Chosen | None:
    """Up to a batch; the others wait in the ledger."""
    new = sorted(
        (contact, one.wanted)
        for contact, one in decided.items()
        if one is not None and one.due is Due.ADD and one.wanted is not None and contact not in before
    )[: sending.ROWS_AT_ONCE]
    return Chosen(Due.ADD, [contact for contact, _ in new], [row for _, row in new]) if new else None


async def _ids(sql: str, run: Run, of: int, after: int) -> Sequence[int]:
    rows = await db.fetch(sql, run.workspace_id, of, after, AT_ONCE)
    return [row["contact_id"] for row in rows]


_MEMBER_IDS: Final = """
    SELECT contact_id FROM memberships WHERE workspace_id = $1 AND segment_id = $2 AND contact_id > $3
    ORDER BY contact_id LIMIT $4
"""

_LISTED_IDS: Final = """
    SELECT contact_id FROM audience_members WHERE workspace_id = $1 AND audience_id = $2 AND contact_id > $3
    ORDER BY contact_id LIMIT $4
"""
