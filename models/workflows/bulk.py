"""Changes of very many enrollments at once: ended, moved to another node, woken at another moment.

Each function changes a chunk in one transaction of the caller, under the lock of the engine, with steps and figures. Test runs
are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from models import db
from models.changelog.append import OpenAppend
from models.messaging import outcomes
from models.rules.duration import Duration
from models.workflows import steps
from models.workflows.arrivals import PAUSED
from models.workflows.counts import Counts, bucket_of
from models.workflows.limits import RESTS
from models.workflows.messages import withdrawal
from models.workflows.states import EnrollmentEnd
from permissions.principal import Scope

CHUNK: Final = 2_500
"""Enrollments of a transaction, unless it is known how long so many take."""

MOVED: Final = "moved"
"""The outcome of those who go on from another node."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Those at a node of a workflow who entered with one of these versions."""

    workflow_id: int
    numbers: tuple[int, ...]
    node: int


async def counted(scope: Scope, workflow_id: int) -> dict[tuple[int, int], int]:
    """How many stand where, by (version that they entered with, number of the node)."""
    async with db.transaction():
        # Of a million it takes some tenths of a second, in which it would keep all processors from everybody else.
        await db.execute(db.forced_plans("max_parallel_workers_per_gather = 0"))
        rows = await db.fetch(
            "SELECT number, node, count(*) AS inside FROM enrollments"
            " WHERE workspace_id = $1 AND workflow_id = $2 AND test_id IS NULL GROUP BY number, node",
            scope.workspace_id,
            workflow_id,
        )
    return {(row["number"], row["node"]): row["inside"] for row in rows}


async def somewhere(scope: Scope, workflow_id: int) -> Standing | None:
    """A place where somebody stands; None when nobody is inside."""
    row = await db.fetch_row(
        "SELECT number, node FROM enrollments WHERE workspace_id = $1 AND workflow_id = $2 AND test_id IS NULL LIMIT 1",
        scope.workspace_id,
        workflow_id,
    )
    return None if row is None else Standing(workflow_id, (row["number"],), row["node"])


_STANDING: Final = """
workspace_id = $1 AND workflow_id = $2 AND node = $3 AND number = ANY ($4::integer[]) AND test_id IS NULL
"""


def _of(scope: Scope, standing: Standing) -> tuple[int, int, int, list[int]]:
    """The parameters $1 to $4."""
    return scope.workspace_id, standing.workflow_id, standing.node, list(standing.numbers)


def _fell_due(paused_at: str, until: str) -> str:
    held = "state = 'HELD' AND reason = 'PAUSED' AND wake_at IS NULL"
    return f"({paused_at} IS NULL OR (node_at < {paused_at} AND (wake_at <= {until} OR ({held}))))"


@dataclass(frozen=True, slots=True)
class Changed:
    """How many were changed, and the last id: to go on there passes over what the chunks before have left behind."""

    count: int
    last_id: int


def _logged(changed: str, *, append: str, outcome: str, at: str) -> str:
    """Logs the step of each row of `changed`, which left the node, and gives them by version and arrival, some together."""
    return f"""
, logged AS (
    INSERT INTO workflow_steps (workspace_id, append_id, place, workflow_id, enrollment_id, contact_id, number, node, outcome, at)
    SELECT $1, {append}::bigint, row_number() OVER (), $2::bigint, id, contact_id, number, $3::smallint, {outcome}::text,
           {at}::timestamptz
    FROM {changed}
)
SELECT number, node_at, count(*) AS count, max(id) AS last_id,
       array_agg(message_id) FILTER (WHERE message_id IS NOT NULL) AS unsent
FROM {changed} GROUP BY number, node_at
"""  # noqa: S608 - names of our own


# ---------------------------------------------------------------- ended


@dataclass(frozen=True, slots=True)
class FellDue:
    """Only those who came before a pause and fell due up to `until`."""

    paused_at: datetime
    until: datetime


async def end_some(
    scope: Scope,
    now: datetime,
    standing: Standing,
    end: EnrollmentEnd,
    *,
    fell_due: FellDue | None = None,
    after_id: int = 0,
    limit: int = CHUNK,
) -> Changed:
    """Ends up to `limit` with ids after `after_id`."""
    due = (None, None) if fell_due is None else (fell_due.paused_at, fell_due.until)
    append = await steps.begin(scope)
    rows = await db.fetch(_END, *_of(scope, standing), limit, now, end.value, *due, after_id, append.id)
    counts = Counts(now)
    for row in rows:
        counts.ended(standing.workflow_id, row["number"], end.value, row["count"])
    return await _record(scope, now, standing, end.value, rows, counts, append)


_END = f"""
WITH chosen AS MATERIALIZED (
    SELECT id FROM enrollments WHERE {_STANDING}
       AND {_fell_due("$8::timestamptz", "$9::timestamptz")} AND id > $10
    ORDER BY id LIMIT $5
), gone AS (
    DELETE FROM enrollments AS e USING chosen WHERE e.workspace_id = $1 AND e.id = chosen.id RETURNING e.*
), ended AS (
    INSERT INTO enrollments_ended (workspace_id, id, workflow_id, number, contact_id, entry_key, trigger, node, visit, node_at,
                                   reason, control, goal_at, test_id, entered_at, ended_at, "end")
    SELECT $1, id, workflow_id, number, contact_id, entry_key, trigger, node, visit, node_at,
           NULL, control, goal_at, test_id, entered_at, $6, $7 FROM gone
), entries AS (
    UPDATE workflow_entries AS n SET ended_at = $6 FROM gone
    WHERE n.workspace_id = $1 AND n.workflow_id = $2 AND n.contact_id = gone.contact_id AND n.entry_key = gone.entry_key
), occurrences AS (
    DELETE FROM workflow_occurrences AS o USING gone WHERE o.workspace_id = $1 AND o.enrollment_id = gone.id
)
{_logged("gone", append="$11", outcome="$7", at="$6")}
"""  # noqa: S608 - fragments of our own


# ---------------------------------------------------------------- moved


async def move_some(
    scope: Scope,
    now: datetime,
    standing: Standing,
    to_node: int,
    *,
    wakes: "Wakes",
    outcome: str = MOVED,
    fell_due: FellDue | None = None,
    after_id: int = 0,
    limit: int = CHUNK,
) -> Changed:
    """Moves up to `limit` with ids after `after_id` to another node, where they arrive now. They leave theirs by `outcome`."""
    due = (None, None) if fell_due is None else (fell_due.paused_at, fell_due.until)
    append = await steps.begin(scope)
    ends_at = None if not wakes.waits else now + wakes.waits
    given = (*_of(scope, standing), *wakes.parameters(now), limit, to_node, *due, after_id, append.id, outcome, ends_at)
    rows = await db.fetch(_MOVE, *given)
    counts = Counts(now)
    for row in rows:
        counts.arrived(standing.workflow_id, row["number"], to_node, row["count"])
    return await _record(scope, now, standing, outcome, rows, counts, append)


@dataclass(frozen=True, slots=True)
class Wakes:
    """When those wake who are changed: spread over a time, but not later than they may stay.

    `waits` is how long their node lets them wait, if it is known.
    """

    spread: timedelta
    max_stay: Duration
    timezone: str
    waits: timedelta | None = None

    @staticmethod
    def at_once(max_stay: Duration, timezone: str) -> "Wakes":
        return Wakes(timedelta(), max_stay, timezone)

    def parameters(self, now: datetime) -> tuple[datetime, float, str, int, float, float | None]:
        """$5 to $10 of the statements below."""
        early = 7200 if self.max_stay.months else 0  # PostgreSQL may take a gap of the clocks otherwise than rules do
        stays = self.max_stay.elapsed.total_seconds() - early
        waits = None if self.waits is None else self.waits.total_seconds()
        return now, self.spread.total_seconds(), self.timezone, self.max_stay.months, stays, waits


def _later(moment: str, seconds: str) -> str:
    """Immutable, as a distributed PostgreSQL wants it."""
    return f"(({moment}) AT TIME ZONE 'UTC' + make_interval(secs => {seconds})) AT TIME ZONE 'UTC'"


_SLOT: Final = _later("$5::timestamptz", "$6::float8 * mod(e.id, 1000) / 1000.0")

_STAYS: Final = _later(
    "(e.entered_at AT TIME ZONE $7::text + make_interval(months => $8::int)) AT TIME ZONE $7::text", "$9::float8"
)


def _wakes_at(ends: str) -> str:
    return f"least(CASE WHEN {ends} > $5::timestamptz THEN {ends} ELSE {_SLOT} END, {_STAYS})"


# Who waits at a WAIT begins to wait; the engine asks every other node what becomes of them.
_MOVE = f"""
WITH chosen AS MATERIALIZED (
    SELECT id, node_at, message_id FROM enrollments
    WHERE {_STANDING} AND {_fell_due("$13::timestamptz", "$14::timestamptz")} AND id > $15
    ORDER BY id LIMIT $11
), moved AS (
    UPDATE enrollments AS e
    SET node = $12, visit = visit + 1, node_at = $5::timestamptz, reason = NULL, fresh_at = NULL, message_id = NULL,
        state = CASE WHEN $10::float8 IS NULL THEN 'READY' ELSE 'WAITING' END,
        wake_at = least(coalesce($18::timestamptz, {_SLOT}), {_STAYS})
    FROM chosen WHERE e.workspace_id = $1 AND e.id = chosen.id
    RETURNING e.id, e.contact_id, e.number, chosen.node_at, chosen.message_id
)
{_logged("moved", append="$16", outcome="$17", at="$5")}
"""  # noqa: S608 - fragments of our own


# ---------------------------------------------------------------- woken at another moment


@dataclass(frozen=True, slots=True)
class Rewoken:
    """How many wake at another moment (`moved`), and how many of them now; the last id of a chunk."""

    moved: int
    now: int
    last_id: int = 0
    seen: int = 0


async def rewake_some(
    scope: Scope,
    now: datetime,
    standing: Standing,
    *,
    wakes: Wakes,
    paused: bool = False,
    after_id: int = 0,
    limit: int = CHUNK,
) -> Rewoken:
    """Gives up to `limit` with ids after `after_id` their new moment.

    In a workflow that is `paused` the engine asks nobody: whose moment it must compute is held, and asked after the pause.
    """
    held = (paused and wakes.waits is None, PAUSED, RESTS)
    row = await db.fetch_row(_REWAKE, *_of(scope, standing), *wakes.parameters(now), after_id, limit, *held)
    assert row is not None
    return Rewoken(row["moved"] or 0, row["now"] or 0, row["last_id"] or 0, row["seen"])


async def count_rewoken(scope: Scope, now: datetime, standing: Standing, *, wakes: Wakes) -> Rewoken:
    """What `rewake_some` would do to all."""
    row = await db.fetch_row(_COUNT, *_of(scope, standing), *wakes.parameters(now))
    assert row is not None
    return Rewoken(row["moved"], row["now"], 0, row["seen"])


# Those whose message is under way, or who have failed, are left as they are.
_WAITING: Final = (
    f"{_STANDING} AND (state = 'WAITING' OR (state = 'HELD' AND reason <> 'PAUSED')) AND message_id IS NULL"
)

# Without a time to wait, the node is asked: as if it had ended now.
_ENDS: Final = f"CASE WHEN $10::float8 IS NULL THEN $5::timestamptz ELSE {_later('e.node_at', '$10::float8')} END"

_REWAKE = f"""
WITH chosen AS MATERIALIZED (
    SELECT id, wake_at FROM enrollments WHERE {_WAITING} AND id > $11 ORDER BY id LIMIT $12
), changed AS (
    UPDATE enrollments AS e
    SET wake_at = CASE WHEN $13::boolean THEN e.wake_at ELSE {_wakes_at(_ENDS)} END,
        state = CASE WHEN $13 THEN 'HELD' ELSE e.state END,
        reason = CASE WHEN $13 THEN $14::text ELSE e.reason END,
        passed = CASE WHEN $13 THEN e.reason IS DISTINCT FROM $15::text ELSE e.passed END
    FROM chosen WHERE e.workspace_id = $1 AND e.id = chosen.id
    RETURNING e.wake_at IS DISTINCT FROM chosen.wake_at AS moved, {_ENDS} <= $5::timestamptz AS now
)
SELECT (SELECT count(*) FROM changed WHERE moved) AS moved, (SELECT count(*) FROM changed WHERE moved AND now) AS now,
       (SELECT max(id) FROM chosen) AS last_id, (SELECT count(*) FROM chosen) AS seen
"""  # noqa: S608 - fragments of our own

_COUNT = f"""
SELECT count(*) FILTER (WHERE wake_at IS DISTINCT FROM {_wakes_at(_ENDS)}) AS moved,
       count(*) FILTER (WHERE wake_at IS DISTINCT FROM {_wakes_at(_ENDS)} AND {_ENDS} <= $5::timestamptz) AS now,
       count(*) AS seen
FROM enrollments AS e WHERE {_WAITING}
"""  # noqa: S608 - fragments of our own


# ---------------------------------------------------------------- figures and steps


async def _record(
    scope: Scope,
    now: datetime,
    standing: Standing,
    outcome: str,
    rows: Sequence[db.Record],
    counts: Counts,
    append: OpenAppend,
) -> Changed:
    """They left the node by this outcome. What was to be sent to them there, is not."""
    unsent = [message_id for row in rows for message_id in row["unsent"] or ()]
    if unsent:
        await outcomes.withdraw(scope.workspace_id, unsent, withdrawal.REASON)
    for row in rows:
        bucket = bucket_of(max(0.0, (now - row["node_at"]).total_seconds()))
        counts.left_in_bucket(standing.workflow_id, row["number"], standing.node, outcome, bucket, row["count"])
    await counts.write(scope)
    changed = Changed(sum(row["count"] for row in rows), max((row["last_id"] for row in rows), default=0))
    await steps.logged(append, changed.count)
    return changed
