"""How many messages of a source are in each state.

`move` runs in the transaction that moves messages, and locks after them, in the order of sources.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from models import db
from models.messaging.message_states import MessageStatus
from models.messaging.policy import LEAST_TO_JUDGE, too_many_failures
from models.messaging.sources import MessageSource, SourceKind

COLUMNS: Final = tuple(status.value.lower() for status in MessageStatus)

ENDS: Final = frozenset({MessageStatus.SENT, MessageStatus.FAILED, MessageStatus.UNCONFIRMED})

Move = tuple[MessageSource, str, str]
"""Source, state before, state now."""

_MOVE: Final = f"""
    UPDATE message_counters
    SET {", ".join(f"{name} = {name} + ${index}" for index, name in enumerate(COLUMNS, start=4))},
        recent_ends = recent_ends + $12, recent_failures = recent_failures + $13
    WHERE workspace_id = $1 AND source_kind = $2 AND source_id = $3
"""  # noqa: S608 - the names are the states'


async def move(workspace_id: int, moves: Iterable[Move]) -> None:
    deltas: dict[MessageSource, Counter[str]] = {}
    for source, was, now in moves:
        counter = deltas.setdefault(source, Counter())
        if was != now:
            counter[was] -= 1
            counter[now] += 1
            if was == MessageStatus.SENDING:
                counter["ends"] += now in ENDS
            counter["failures"] += now == MessageStatus.FAILED
    for source in sorted(deltas):
        counter = deltas[source]
        if counter:
            states = [counter[status] for status in MessageStatus]
            await db.execute(_MOVE, workspace_id, *source, *states, counter["ends"], counter["failures"])


async def begin(workspace_id: int, source: MessageSource, pending: int) -> None:
    await db.execute(
        "INSERT INTO message_counters (workspace_id, source_kind, source_id, pending) VALUES ($1, $2, $3, $4)",
        workspace_id,
        *source,
        pending,
    )


async def add(workspace_id: int, source: MessageSource, pending: int) -> None:
    """Messages that are new in a source that has begun."""
    if pending:
        await db.execute(
            """
            UPDATE message_counters SET pending = pending + $4
            WHERE workspace_id = $1 AND source_kind = $2 AND source_id = $3
            """,
            workspace_id,
            *source,
            pending,
        )


_COUNT: Final = f"""
    SELECT {", ".join(f"count(*) FILTER (WHERE status = '{name.upper()}') AS {name}" for name in COLUMNS)}
    FROM messages WHERE workspace_id = $1 AND source_kind = $2 AND source_id = $3
"""  # noqa: S608

_SET: Final = f"""
    UPDATE message_counters SET {", ".join(f"{name} = ${index}" for index, name in enumerate(COLUMNS, start=4))}
    WHERE workspace_id = $1 AND source_kind = $2 AND source_id = $3
"""  # noqa: S608


async def lock(workspace_id: int, source: MessageSource) -> None:
    """Locks the counters until the transaction ends, before the source's owner is locked (ADR 64)."""
    await db.execute(
        "SELECT 1 FROM message_counters WHERE workspace_id = $1 AND source_kind = $2 AND source_id = $3 FOR UPDATE",
        workspace_id,
        *source,
    )


async def recount(workspace_id: int, source: MessageSource) -> None:
    """The caller holds `lock`, so that no move counts twice."""
    counted = await db.fetch_row(_COUNT, workspace_id, *source)
    assert counted is not None
    await db.execute(_SET, workspace_id, *source, *counted.values())


async def judge(workspace_id: int, source: MessageSource, most_failures: float) -> str | None:
    """Why the source must stop (more than `most_failures`, 0 to 1, of its recent outcomes failed), or None.

    Outcomes are judged once, when there are LEAST_TO_JUDGE.
    """
    row = await db.fetch_row(
        """
        SELECT recent_ends, recent_failures FROM message_counters
        WHERE workspace_id = $1 AND source_kind = $2 AND source_id = $3 AND pending > 0 AND recent_ends >= $4
        """,
        workspace_id,
        *source,
        LEAST_TO_JUDGE,
    )
    if row is None:
        return None
    await begin_judging(workspace_id, source)
    if not too_many_failures(row["recent_ends"], row["recent_failures"], most_failures):
        return None
    return f"{row['recent_failures']} of the last {row['recent_ends']} messages failed"


async def begin_judging(workspace_id: int, source: MessageSource) -> None:
    await db.execute(
        """
        UPDATE message_counters SET recent_ends = 0, recent_failures = 0
        WHERE workspace_id = $1 AND source_kind = $2 AND source_id = $3
        """,
        workspace_id,
        *source,
    )


NOTHING: Final[Mapping[str, int]] = dict.fromkeys(COLUMNS, 0)


async def of(workspace_id: int, kind: SourceKind, ids: Sequence[int]) -> dict[int, Mapping[str, int]]:
    """Zeros for a source that has not begun."""
    rows = await db.fetch(
        f"""
        SELECT source_id, {", ".join(COLUMNS)} FROM message_counters
        WHERE workspace_id = $1 AND source_kind = $2 AND source_id = ANY ($3::bigint[])
        """,  # noqa: S608
        workspace_id,
        kind,
        list(ids),
    )
    known = {row["source_id"]: {name: row[name] for name in COLUMNS} for row in rows}
    return {source_id: known.get(source_id, NOTHING) for source_id in ids}
