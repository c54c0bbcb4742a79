"""Writes who is inside, and who was."""

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import Any

from models import db
from models.workflows.arrivals import PAUSED, Arrival
from models.workflows.run import Run
from models.workflows.states import EnrollmentState
from models.workflows.wakes import stays_until
from models.workflows.writing.slices import slices_of

Column = tuple[str, str, Callable[[Arrival], Any]]
"""Name, SQL type, and the value."""

_KEPT: Sequence[Column] = (
    ("id", "bigint", lambda one: one.id),
    ("node", "smallint", lambda one: one.plan.numbers[one.key]),
    ("visit", "integer", lambda one: one.visit),
    ("node_at", "timestamptz", lambda one: one.node_at),
    ("reason", "text", lambda one: one.reason),
    ("goal_at", "timestamptz", lambda one: one.goal_at),
)


def _wakes_at(arrival: Arrival) -> datetime | None:
    """Not later than it may stay. Those that a pause holds and who have fallen due are woken by its end."""
    if arrival.state is EnrollmentState.HELD and arrival.reason == PAUSED and arrival.wake_at is None:
        return None
    until = stays_until(arrival)
    return until if arrival.wake_at is None else min(arrival.wake_at, until)


_INSIDE: Sequence[Column] = (
    *_KEPT,
    ("state", "text", lambda one: one.state.value),
    ("wake_at", "timestamptz", _wakes_at),
    ("fresh_at", "timestamptz", lambda one: one.fresh_at),
    ("message_id", "bigint", lambda one: one.message_id),
    ("passed", "boolean", lambda one: one.passed),
    ("depth", "smallint", lambda one: one.cause.depth),
    ("path", "text", lambda one: "{" + ",".join(map(str, one.cause.path)) + "}"),
)

_IDENTITY: Sequence[Column] = (
    ("workflow_id", "bigint", lambda one: one.plan.workflow_id),
    ("number", "integer", lambda one: one.number),
    ("contact_id", "bigint", lambda one: one.contact_id),
    ("entry_key", "text", lambda one: one.entry_key),
    ("trigger", "text", lambda one: one.trigger),
    ("control", "boolean", lambda one: one.control),
    ("test_id", "bigint", lambda one: one.test_id),
    ("entered_at", "timestamptz", lambda one: one.entered_at),
)

_ENDED: Sequence[Column] = (
    *(column for column in (*_KEPT, *_IDENTITY) if column[0] not in ("id", "contact_id")),
    ("end", "text", lambda one: one.ended),
)
"""What those who went the same way have in common."""


def _columns(columns: Sequence[Column], arrivals: Sequence[Arrival]) -> list[list[Any]]:
    return [[value(arrival) for arrival in arrivals] for _, _, value in columns]


def _unnested(columns: Sequence[Column], first: int) -> str:
    """A table `n` of the columns, whose arrays are the parameters from `first` on."""
    arrays = ", ".join(f"${first + index}::{sql_type}[]" for index, (_, sql_type, _) in enumerate(columns))
    names = ", ".join(f'"{name}"' for name, _, _ in columns)
    return f"unnest({arrays}) AS n ({names})"


def _arrays(columns: Sequence[Column], first: int) -> str:
    return ", ".join(f"unnest(${first + index}::{sql_type}[])" for index, (_, sql_type, _) in enumerate(columns))


def _names(columns: Sequence[Column], prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{name}"' for name, _, _ in columns)


def _values(columns: Sequence[Column]) -> str:
    """Not in the SET of an UPDATE: a distributed one takes no cast of a text to an array."""
    return ", ".join(f'n."{name}"::bigint[] AS path' if name == "path" else f'n."{name}"' for name, _, _ in columns)


_INSERT = f"""
INSERT INTO enrollments (workspace_id, {_names((*_INSIDE, *_IDENTITY))})
SELECT $1, {_values((*_INSIDE, *_IDENTITY))} FROM {_unnested((*_INSIDE, *_IDENTITY), 2)}
"""  # noqa: S608 - columns of our own

_UPDATE = f"""
WITH n AS MATERIALIZED (SELECT {_values(_INSIDE)} FROM {_unnested(_INSIDE, 2)})
UPDATE enrollments AS e SET {", ".join(f'"{name}" = n."{name}"' for name, _, _ in _INSIDE[1:])}
FROM n WHERE e.workspace_id = $1 AND e.id = n.id
"""  # noqa: S608 - columns of our own

_INSERT_ENDED = f"""
INSERT INTO enrollments_ended (workspace_id, ended_at, id, contact_id, {_names(_ENDED)})
SELECT $1, $2, slice.first_id + one.nth - 1, one.contact_id, {_names(_ENDED, "n.")}
FROM unnest($4::integer[], $5::bigint[], $6::integer[], $7::integer[]) AS slice (way, first_id, first, last)
CROSS JOIN LATERAL unnest(($3::bigint[])[slice.first:slice.last]) WITH ORDINALITY AS one (contact_id, nth)
JOIN ROWS FROM ({_arrays(_ENDED, 8)}) WITH ORDINALITY AS n ({_names(_ENDED)}, way) ON n.way = slice.way
"""  # noqa: S608 - columns of our own


async def write_inside(run: Run, arrivals: Sequence[Arrival], pipeline: db.Pipeline) -> None:
    inside = [arrival for arrival in arrivals if arrival.ended is None]
    new = [arrival for arrival in inside if arrival.is_new]
    stored = [arrival for arrival in inside if not arrival.is_new]
    if new:
        await pipeline.execute(_INSERT, run.workspace_id, *_columns((*_INSIDE, *_IDENTITY), new))
    if stored:
        await pipeline.execute(_UPDATE, run.workspace_id, *_columns(_INSIDE, stored))


def _way_of(arrival: Arrival) -> Hashable:
    """Equal for new enrollments that ended in the same way; others have entered at different moments."""
    if not arrival.is_new:
        return arrival.id
    return (
        id(arrival.trail), arrival.entry_key, arrival.control, arrival.reason, arrival.goal_at, arrival.ended,
    )  # fmt: skip


async def write_ended(run: Run, arrivals: Sequence[Arrival], pipeline: db.Pipeline) -> None:
    ended = [arrival for arrival in arrivals if arrival.ended is not None]
    if not ended:
        return
    ways: dict[Hashable, int] = {}
    firsts: list[Arrival] = []
    numbers: list[int] = []
    for arrival in ended:
        number = ways.setdefault(_way_of(arrival), len(firsts) + 1)
        if number > len(firsts):
            firsts.append(arrival)
        numbers.append(number)
    some, columns = slices_of(ended, numbers), _columns(_ENDED, firsts)
    slices = (some.contact_ids, some.way, some.first_id, some.first, some.last)
    await pipeline.execute(_INSERT_ENDED, run.workspace_id, run.now, *slices, *columns)
    stored = [arrival.id for arrival in ended if not arrival.is_new]
    if stored:
        await pipeline.execute(
            "DELETE FROM enrollments WHERE workspace_id = $1 AND id = ANY ($2::bigint[])", run.workspace_id, stored
        )
        await pipeline.execute(
            "DELETE FROM workflow_occurrences WHERE workspace_id = $1 AND enrollment_id = ANY ($2::bigint[])",
            run.workspace_id,
            stored,
        )
