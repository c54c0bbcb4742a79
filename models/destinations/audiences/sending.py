"""Batches of an audience: chosen from what is due, noted before Meta is called, and recorded after its answer."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from models import clock, db
from models.destinations.audiences import runs
from models.destinations.audiences.audiences import AudienceStatus
from models.destinations.audiences.ledger import Due, State
from models.destinations.audiences.runs import Run

ROWS_AT_ONCE: Final = 10_000
"""Meta's limit of a request."""

REMOVALS_WAIT: Final = timedelta(hours=24)
"""After Meta said that an audience is too small to remove people from."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Contacts in order with their rows: what is removed, or added."""

    due: Due
    contact_ids: Sequence[int]
    rows: Sequence[bytes]

    def cells(self, run: Run) -> list[list[str]]:
        """As Meta takes them."""
        return [run.rows.cells(contact, row) for contact, row in zip(self.contact_ids, self.rows, strict=True)]


async def choose(run: Run, due: Due, after: int = 0) -> Chosen | None:
    """The next contacts after this one for which this is due; None when there are none."""
    column = "wanted" if due is Due.ADD else "sent"
    rows = await db.fetch(
        f"""
        SELECT contact_id, {column} FROM audience_members
        WHERE workspace_id = $1 AND audience_id = $2 AND due = $3 AND due > 0 AND contact_id > $4 ORDER BY contact_id LIMIT $5
        """,  # noqa: S608 - one of two columns
        run.workspace_id,
        run.audience_id,
        due.value,
        after,
        ROWS_AT_ONCE,
    )
    return Chosen(due, [row[0] for row in rows], [row[1] for row in rows]) if rows else None


# ---------------------------------------------------------------- before a call, and after it


async def note(run: Run, chosen: Chosen) -> None:
    """Before the call: whatever happens to us, these may be done."""
    status = {"status": AudienceStatus.SYNCING} if run.is_running else {}
    await runs.write(run, {**status, **in_flight("ADD" if chosen.due is Due.ADD else "REMOVE", chosen)})


def in_flight(kind: str, chosen: Chosen) -> dict[str, Any]:
    """The columns that say what is being called."""
    first, last = chosen.contact_ids[0], chosen.contact_ids[-1]
    return {"in_flight": kind, "in_flight_from": first, "in_flight_until": last}


_NOTHING_IN_FLIGHT: Final = dict.fromkeys(("in_flight", "in_flight_from", "in_flight_until"))


async def doubt(run: Run) -> None:
    """After a call without a known end, of this worker or of one that died: its rows may be there, and may be gone."""
    kind = run.audience.in_flight
    if kind is None:
        return
    async with db.transaction():
        changed = await db.execute(
            _DOUBT[kind],
            run.workspace_id,
            run.audience_id,
            run.audience.in_flight_from,
            run.audience.in_flight_until,
        )
        more = {State.PRESENT: -changed, State.PENDING: changed} if kind == "SCAN" else {}
        await runs.write(run, _NOTHING_IN_FLIGHT, more)


_RANGE: Final = "workspace_id = $1 AND audience_id = $2 AND contact_id BETWEEN $3 AND $4"

_DOUBT: Final = {
    "ADD": f"UPDATE audience_members SET sent = wanted, certain = false WHERE {_RANGE} AND due = 3",  # noqa: S608
    "REMOVE": f"UPDATE audience_members SET certain = false WHERE {_RANGE} AND due IN (1, 2)",  # noqa: S608
    "SCAN": f"UPDATE audience_members SET state = 'PENDING', certain = false, due = 3 WHERE {_RANGE} AND state = 'PRESENT'",  # noqa: S608
}


async def not_done(run: Run) -> None:
    """The call was refused as a whole."""
    if run.audience.in_flight == "SCAN":
        await doubt(run)
    else:
        await runs.write(run, _NOTHING_IN_FLIGHT)


async def added(run: Run, chosen: Chosen, refused: Collection[int] = ()) -> None:
    """These are there now, but for those that Meta called invalid."""
    async with db.transaction():
        present = await _changed(_PRESENT, run, chosen, list(refused))
        invalid = await _changed(_REFUSED, run, chosen, list(refused)) if refused else 0
        more = Counter({State.PRESENT: present, State.REFUSED: invalid, State.PENDING: -present - invalid})
        await runs.write(run, _DONE, more)


async def scanned(run: Run, refused: Collection[int] = ()) -> None:
    """What a scan has written as PRESENT is there now, but for those that Meta called invalid."""
    async with db.transaction():
        invalid = await db.execute(_INVALID, run.workspace_id, run.audience_id, list(refused)) if refused else 0
        await runs.write(run, _DONE, {State.REFUSED: invalid, State.PRESENT: -invalid})


_INVALID: Final = """
    UPDATE audience_members SET sent = NULL, state = 'REFUSED'
    WHERE workspace_id = $1 AND audience_id = $2 AND contact_id = ANY ($3::bigint[])
"""


async def removed(run: Run, chosen: Chosen) -> None:
    """These are gone. Of those that were no members nothing is kept; an equal row of another contact is added again."""
    async with db.transaction():
        left = await _changed(_LEFT, run, chosen, chosen.due.value)
        await _changed(_GONE, run, chosen, chosen.due.value)
        more = Counter({State.LEAVING: -left})
        shared = [row for row in chosen.rows if run.rows.may_be_shared(row)]
        if shared:
            again = await db.execute(_SHARED, run.workspace_id, run.audience_id, shared)
            more.update({State.PENDING: again, State.PRESENT: -again})
        await runs.write(run, _DONE, more)


_DONE: Final = {**_NOTHING_IN_FLIGHT, "failures": 0}


async def _changed(sql: str, run: Run, chosen: Chosen, *values: Any) -> int:
    first, last = chosen.contact_ids[0], chosen.contact_ids[-1]
    return await db.execute(sql, run.workspace_id, run.audience_id, first, last, *values)


# Of the worker that holds the audience, a range has exactly the contacts that it chose.
_PRESENT: Final = f"""
    UPDATE audience_members SET sent = wanted, certain = true, due = 0, state = 'PRESENT'
    WHERE {_RANGE} AND due = 3 AND contact_id <> ALL ($5::bigint[])
"""  # noqa: S608 - constants

_REFUSED: Final = f"""
    UPDATE audience_members SET sent = NULL, certain = true, due = 0, state = 'REFUSED'
    WHERE {_RANGE} AND due = 3 AND contact_id = ANY ($5::bigint[])
"""  # noqa: S608 - constants

_LEFT: Final = f"DELETE FROM audience_members WHERE {_RANGE} AND due = $5 AND state = 'LEAVING'"  # noqa: S608 - constants

_GONE: Final = f"""
    UPDATE audience_members
    SET sent = NULL, certain = true, due = CASE WHEN wanted IS NULL THEN 0 ELSE 3 END WHERE {_RANGE} AND due = $5
"""  # noqa: S608 - constants

_SHARED: Final = """
    UPDATE audience_members SET state = 'PENDING', certain = false, due = 3
    WHERE workspace_id = $1 AND audience_id = $2 AND state = 'PRESENT' AND sent = ANY ($3::bytea[])
"""


# ---------------------------------------------------------------- the end of some work


async def removals_refused(run: Run, reason: str) -> None:
    """Meta removes nobody from an audience of this size: removals wait, and all else goes on."""
    await runs.write(run, {**_NOTHING_IN_FLIGHT, "removals_wait_until": clock.now() + REMOVALS_WAIT, "reason": reason})


async def is_anything_due(run: Run) -> bool:
    found = await db.fetch_value(
        "SELECT 1 FROM audience_members WHERE workspace_id = $1 AND audience_id = $2 AND due > 0 LIMIT 1",
        run.workspace_id,
        run.audience_id,
    )
    return found is not None


async def settled(run: Run) -> None:
    """All that can be done now is done: it is IN_SYNC, or waits."""
    now = clock.now()
    audience = run.audience
    if not run.is_running:
        await runs.write(run, {"next_run_at": audience.removals_wait_until})
    elif audience.scanned_up_to is None and not await is_anything_due(run):
        done = {"status": AudienceStatus.IN_SYNC, "reason": None, "last_synced_at": now, "behind_since": None}
        await runs.write(run, {**done, "next_run_at": None})
    else:
        waits = audience.removals_wait_until
        await runs.write(run, {"status": AudienceStatus.SYNCING, "next_run_at": max(now, waits or now)})
