"""Events that a WAIT_FOR may still need: those that came before it, and those of a paused workflow. Each ends one wait."""

from collections.abc import Collection, Sequence
from typing import Final

from models import db
from models.workflows.arrivals import Arrival
from models.workflows.run import Run


def record(run: Run, arrival: Arrival, key: str) -> None:
    """`key` is that of Awaited."""
    run.occurred.setdefault(arrival.id, set()).add(key)


async def take(run: Run, arrivals: Sequence[Arrival], keys: Collection[str]) -> dict[int, str]:
    """The first of these events that has happened, by enrollment. All of them are used up."""
    found: dict[int, str] = {}
    stored = [arrival.id for arrival in arrivals if not arrival.is_new]
    if stored and keys:
        rows = await db.fetch(_TAKE, run.workspace_id, stored, list(keys))
        for row in rows:
            found[row["enrollment_id"]] = min(row["event"], found.get(row["enrollment_id"], row["event"]))
    for arrival in arrivals:
        own = run.occurred.get(arrival.id, set())
        used = own.intersection(keys)
        if used:
            found[arrival.id] = min([*used, *([found[arrival.id]] if arrival.id in found else [])])
            own -= used
    return found


_TAKE: Final = """
    DELETE FROM workflow_occurrences
    WHERE workspace_id = $1 AND enrollment_id = ANY ($2::bigint[]) AND event = ANY ($3::text[]) RETURNING enrollment_id, event
"""


async def write(run: Run) -> None:
    """What the batch recorded and nobody has used, for those who are still inside."""
    inside = {arrival.id for arrival in run.arrivals if arrival.ended is None}
    rows = [(id_, key) for id_, keys in run.occurred.items() if id_ in inside for key in sorted(keys)]
    if rows:
        await db.execute(_WRITE, run.workspace_id, run.now, *map(list, zip(*rows, strict=True)))


_WRITE: Final = """
    INSERT INTO workflow_occurrences (workspace_id, enrollment_id, event, at)
    SELECT $1, enrollment_id, event, $2 FROM unnest($3::bigint[], $4::text[]) AS new (enrollment_id, event)
    ON CONFLICT (workspace_id, enrollment_id, event) DO NOTHING
"""
