"""How many recipients of a broadcast are in each state: kept beside the ledger, so that nobody has to count it while it is sent.

Each statement that moves recipients is followed, in its transaction, by `move`. Several broadcasts are always taken in the order
of their ids, and after their recipients: two who move the same ones wait for each other instead of blocking each other.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from models import db
from models.messaging.states import RecipientStatus

COLUMNS: Final = tuple(status.value.lower() for status in RecipientStatus)

ENDS: Final = frozenset({RecipientStatus.SENT, RecipientStatus.FAILED, RecipientStatus.UNCONFIRMED})
"""What an attempt can end as: the failure rate is judged over these."""

Move = tuple[int, str, str]
"""A recipient of broadcast n was in one state and is in another now."""

_MOVE: Final = f"""
    UPDATE broadcast_tallies
    SET {", ".join(f"{name} = {name} + ${place}" for place, name in enumerate(COLUMNS, start=3))},
        recent_ends = recent_ends + $11, recent_failures = recent_failures + $12
    WHERE workspace_id = $1 AND broadcast_id = $2
"""  # noqa: S608 - the names are the states'


async def move(workspace_id: int, moves: Iterable[Move]) -> None:
    """Recipients went from state to state. In the transaction that moved them."""
    deltas: dict[int, Counter[str]] = {}
    for broadcast_id, was, now in moves:
        counter = deltas.setdefault(broadcast_id, Counter())
        if was != now:
            counter[was] -= 1
            counter[now] += 1
            if was == RecipientStatus.SENDING:
                counter["ends"] += now in ENDS
            counter["failures"] += now == RecipientStatus.FAILED
    for broadcast_id in sorted(deltas):
        counter = deltas[broadcast_id]
        if counter:
            states = [counter[status] for status in RecipientStatus]
            await db.execute(_MOVE, workspace_id, broadcast_id, *states, counter["ends"], counter["failures"])


async def begin(workspace_id: int, broadcast_id: int, pending: int) -> None:
    """The ledger of a broadcast was just written."""
    await db.execute(
        "INSERT INTO broadcast_tallies (workspace_id, broadcast_id, pending) VALUES ($1, $2, $3)",
        workspace_id,
        broadcast_id,
        pending,
    )


_RECOUNT: Final = f"""
    UPDATE broadcast_tallies t SET {", ".join(f"{name} = counted.{name}" for name in COLUMNS)}
    FROM (SELECT {", ".join(f"count(*) FILTER (WHERE status = '{name.upper()}') AS {name}" for name in COLUMNS)}
          FROM broadcast_recipients WHERE workspace_id = $1 AND broadcast_id = $2) AS counted
    WHERE t.workspace_id = $1 AND t.broadcast_id = $2
"""  # noqa: S608


async def recount(workspace_id: int, broadcast_id: int) -> None:
    """Count the ledger itself. In a transaction that keeps others from moving recipients (it holds the tally)."""
    await db.execute(
        "SELECT 1 FROM broadcast_tallies WHERE workspace_id = $1 AND broadcast_id = $2 FOR UPDATE",
        workspace_id,
        broadcast_id,
    )
    await db.execute(_RECOUNT, workspace_id, broadcast_id)


async def judged(workspace_id: int, broadcast_id: int) -> None:
    """The failure rate was judged: begin anew."""
    await db.execute(
        """
        UPDATE broadcast_tallies SET recent_ends = 0, recent_failures = 0
        WHERE workspace_id = $1 AND broadcast_id = $2
        """,
        workspace_id,
        broadcast_id,
    )


NOTHING: Final[Mapping[str, int]] = dict.fromkeys(COLUMNS, 0)


async def of(workspace_id: int, broadcast_ids: Sequence[int]) -> dict[int, Mapping[str, int]]:
    """The counts of each broadcast; all zero for one that has not started."""
    rows = await db.fetch(
        f"""
        SELECT broadcast_id, {", ".join(COLUMNS)} FROM broadcast_tallies
        WHERE workspace_id = $1 AND broadcast_id = ANY ($2::bigint[])
        """,  # noqa: S608
        workspace_id,
        list(broadcast_ids),
    )
    known = {row["broadcast_id"]: {name: row[name] for name in COLUMNS} for row in rows}
    return {broadcast_id: known.get(broadcast_id, NOTHING) for broadcast_id in broadcast_ids}
