"""Writes what a batch did: who is inside and who was, entries, figures, steps, and what members changed."""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from datetime import datetime
from typing import Any

from models import db
from models.membership import apply, compiled_rules
from models.membership import engine_lock as segment_lock
from models.membership.apply import Append
from models.membership.compiled_rules import CompiledRules
from models.membership.dirty_contacts import MANY
from models.queue import work
from models.queue.enqueue import enqueue
from models.rules.contact_changes import membership_changed
from models.workflows import engine_lock, steps
from models.workflows.arrivals import PAUSED, PENDING, Arrival, Trail
from models.workflows.run import Entry, Run
from models.workflows.states import EnrollmentState
from models.workflows.steps import TrailStep, Walkers
from models.workflows.wakes import stays_until

Column = tuple[str, str, Callable[[Arrival], Any]]
"""Name, SQL type, and the value."""


async def write(run: Run) -> bool:
    """Returns whether some who were moved are to be moved on at once, in another batch."""
    if run.behind is None:
        async with db.Pipeline() as run.behind:
            await _write_all(run, run.behind)
        run.behind = None
    else:
        await _write_all(run, run.behind)
    if run.steps is not None:
        await steps.logged(run.steps, run.steps.size)
    await run.counts.write(run.scope)
    await _close_members(run)
    return any(arrival.has_changed and arrival.reason == PENDING and arrival.ended is None for arrival in run.arrivals)


async def _write_all(run: Run, pipeline: db.Pipeline) -> None:
    await write_rested(run, pipeline)
    await _write_turned_away(run, pipeline)
    await pipeline.finish()


async def write_rested(run: Run, pipeline: db.Pipeline) -> None:
    """Writes, or sends to be written, the arrivals that are not written yet. They have come to rest."""
    arrivals = run.arrivals[run.written :]
    run.written = len(run.arrivals)
    await _stay_until_fresh(arrivals)
    await _write_ended(run, arrivals, pipeline)  # first: another one of the contact may be inside now
    await _write_inside(run, arrivals, pipeline)
    await _write_entries(run, pipeline)
    await _write_trails(run, arrivals, pipeline)


async def _stay_until_fresh(arrivals: Sequence[Arrival]) -> None:
    """Those whose contact was changed read segments when these include it."""
    changed = [arrival for arrival in arrivals if arrival.has_changed and arrival.ended is None]
    if changed:
        clock_at = await db.fetch_value("SELECT clock_timestamp()")
        for arrival in changed:
            arrival.fresh_at = clock_at


# ---------------------------------------------------------------- enrollments

_KEPT: Sequence[Column] = (
    ("id", "bigint", lambda one: one.id),
    ("node", "smallint", lambda one: one.plan.numbers[one.key]),
    ("visit", "integer", lambda one: one.visit),
    ("node_at", "timestamptz", lambda one: one.node_at),
    ("reason", "text", lambda one: one.reason),
    ("goal_at", "timestamptz", lambda one: one.goal_at),
)


def _wakes_at(arrival: Arrival) -> datetime | None:
    """Not later than it may stay. Those that a pause holds are woken by its end."""
    if arrival.state is EnrollmentState.HELD and arrival.reason == PAUSED:
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
SELECT $1, $2, one.id, one.contact_id, {_names(_ENDED, "n.")}
FROM unnest($3::bigint[], $4::bigint[], $5::integer[]) AS one (id, contact_id, way)
JOIN ROWS FROM ({_arrays(_ENDED, 6)}) WITH ORDINALITY AS n ({_names(_ENDED)}, way) ON n.way = one.way
"""  # noqa: S608 - columns of our own


async def _write_inside(run: Run, arrivals: Sequence[Arrival], pipeline: db.Pipeline) -> None:
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


async def _write_ended(run: Run, arrivals: Sequence[Arrival], pipeline: db.Pipeline) -> None:
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
    ids, contact_ids = [arrival.id for arrival in ended], [arrival.contact_id for arrival in ended]
    columns = _columns(_ENDED, firsts)
    await pipeline.execute(_INSERT_ENDED, run.workspace_id, run.now, ids, contact_ids, numbers, *columns)
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


# ---------------------------------------------------------------- entries


async def _write_entries(run: Run, pipeline: db.Pipeline) -> None:
    run.settle_entries()
    new = [(*place, entry) for place, entry in run.changed_entries.items() if not entry.is_stored]
    known = [(*place, entry) for place, entry in run.changed_entries.items() if entry.is_stored]
    left, run.newly_left = [place for place in run.newly_left if place in run.left], []
    run.changed_entries.clear()
    if new:
        await _insert_entries(run, pipeline, new)
    if known:
        columns = zip(*((*key, entry.times, entry.entered_at, entry.ended_at) for *key, entry in known), strict=True)
        await pipeline.execute(_UPDATE_ENTRIES, run.workspace_id, *columns)
    if left:
        await pipeline.execute(_END_ENTRIES, run.workspace_id, run.now, *map(list, zip(*left, strict=True)))


async def _insert_entries(run: Run, pipeline: db.Pipeline, new: Sequence[tuple[int, int, str, Entry]]) -> None:
    """Most are alike, but for the contact."""
    kinds: dict[tuple[int, str, int, bool], int] = {}
    contact_ids, numbers = [], []
    for workflow_id, contact_id, entry_key, entry in new:
        kind = (workflow_id, entry_key, entry.times, entry.ended_at is None)
        numbers.append(kinds.setdefault(kind, len(kinds) + 1))
        contact_ids.append(contact_id)
        entry.is_stored = True
    columns = map(list, zip(*kinds, strict=True))
    await pipeline.execute(_INSERT_ENTRIES, run.workspace_id, run.now, contact_ids, numbers, *columns)


# Nobody else inserts: entries are read and written under the lock of the engine.
_INSERT_ENTRIES = """
INSERT INTO workflow_entries (workspace_id, workflow_id, contact_id, entry_key, times, entered_at, ended_at)
SELECT $1, kind.workflow_id, one.contact_id, kind.entry_key, kind.times, $2::timestamptz,
       CASE WHEN kind.inside THEN NULL ELSE $2::timestamptz END
FROM unnest($3::bigint[], $4::integer[]) AS one (contact_id, kind)
JOIN unnest($5::bigint[], $6::text[], $7::integer[], $8::boolean[]) WITH ORDINALITY
    AS kind (workflow_id, entry_key, times, inside, number) ON kind.number = one.kind
"""

_UPDATE_ENTRIES = """
UPDATE workflow_entries AS e SET times = new.times, entered_at = new.entered_at, ended_at = new.ended_at
FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::integer[], $6::timestamptz[], $7::timestamptz[])
    AS new (workflow_id, contact_id, entry_key, times, entered_at, ended_at)
WHERE e.workspace_id = $1 AND e.workflow_id = new.workflow_id AND e.contact_id = new.contact_id AND e.entry_key = new.entry_key
"""

_END_ENTRIES = """
UPDATE workflow_entries AS e SET ended_at = $2
FROM unnest($3::bigint[], $4::bigint[], $5::text[]) AS ended (workflow_id, contact_id, entry_key)
WHERE e.workspace_id = $1 AND e.workflow_id = ended.workflow_id AND e.contact_id = ended.contact_id
  AND e.entry_key = ended.entry_key
"""


async def _write_turned_away(run: Run, pipeline: db.Pipeline) -> None:
    if not run.turned_away:
        return
    last: dict[tuple[int, int], str] = {}
    for one in run.turned_away:
        last[one.plan.workflow_id, one.contact_id] = one.reason
        run.counts.turned_away(one.plan.workflow_id, one.plan.number, one.reason)
    rows = [(*key, reason) for key, reason in last.items()]
    await pipeline.execute(_TURN_AWAY, run.workspace_id, run.now, *map(list, zip(*rows, strict=True)))


_TURN_AWAY = """
INSERT INTO workflow_turned_away (workspace_id, workflow_id, contact_id, reason, at)
SELECT $1, workflow_id, contact_id, reason, $2
FROM unnest($3::bigint[], $4::bigint[], $5::text[]) AS new (workflow_id, contact_id, reason)
ON CONFLICT (workspace_id, workflow_id, contact_id) DO UPDATE SET reason = excluded.reason, at = excluded.at
"""


# ---------------------------------------------------------------- figures and steps


async def _write_trails(run: Run, arrivals: Sequence[Arrival], pipeline: db.Pipeline) -> None:
    """Counted and logged per trail, however many went it."""
    numbered: dict[Trail, int] = {}
    first: list[Arrival] = []
    walkers, went = Walkers(), Counter[int]()
    for arrival in arrivals:
        trail = arrival.trail
        number = numbered.get(trail)
        if number is None:
            number = numbered[trail] = len(numbered)
            first.append(arrival)
        went[number] += 1
        if trail.length:
            walkers.trail.append(number)
            walkers.before.append(walkers.size)
            walkers.enrollment_id.append(arrival.id)
            walkers.contact_id.append(arrival.contact_id)
            walkers.size += trail.length
    ways = [trail.steps() for trail in numbered]
    trail_steps = [
        TrailStep(number, nth, one.plan.workflow_id, one.plan.number, node, outcome, detail)
        for number, (one, way) in enumerate(zip(first, ways, strict=True))
        for nth, (node, outcome, _, _, detail) in enumerate(way, start=1)
    ]
    if walkers.size:
        if run.steps is None:
            run.steps = await steps.begin(run.scope)
        await steps.append_trails(run.steps, trail_steps, walkers, run.now, pipeline, test=run.test_id is not None)
    if run.test_id is None:
        for number, (one, way) in enumerate(zip(first, ways, strict=True)):
            _count(run, one, way, went[number])
        _count_workflows(run, arrivals)


def _count_workflows(run: Run, arrivals: Sequence[Arrival]) -> None:
    entered = Counter((one.plan.workflow_id, one.number, one.control) for one in arrivals if one.is_new)
    for (workflow_id, number, control), count in entered.items():
        run.counts.let_in(workflow_id, number, control=control, count=count)
    ended = Counter((one.plan.workflow_id, one.number, one.ended) for one in arrivals if one.ended is not None)
    for (workflow_id, number, end), count in ended.items():
        run.counts.ended(workflow_id, number, end, count)


def _count(run: Run, one: Arrival, way: Sequence[Any], count: int) -> None:
    workflow_id, number = one.plan.workflow_id, one.number
    if one.is_new:
        run.counts.arrived(workflow_id, number, way[0][0] if way else one.node_number, count)
    for node, outcome, following, bucket, _ in way:
        if bucket is not None:
            run.counts.left_in_bucket(workflow_id, number, node, outcome, bucket, count)
        if following is not None:
            run.counts.arrived(workflow_id, number, following, count)


# ---------------------------------------------------------------- members


async def _close_members(run: Run) -> None:
    """Marks those whose segments other rules read, and gives the changes of members their positions.

    LOCKS: the lock of the engine of segments, so that no build begins to read meanwhile; then the head of the log.
    """
    append = run.written_members
    if append is None or not append.size:
        return
    lock = await segment_lock.take(run.workspace_id)
    compiled = await compiled_rules.current(run.workspace_id, lock.epoch)
    await _mark(run, {one.segment_id for one in run.moved if _is_read(compiled, one.segment_id)})
    position = await apply.close(append)
    if position is not None:
        await _record_causes(run, append, position)


def _is_read(compiled: CompiledRules, segment_id: int) -> bool:
    change = membership_changed(segment_id)
    return compiled.is_read(change) or any(change in build.reads for build in compiled.builds)


async def _mark(run: Run, segment_ids: set[int]) -> None:
    rows = [
        (contact_id, membership_changed(moved.segment_id), str(cause) or None)
        for moved in run.moved
        for contact_id, cause in (moved.causes.items() if moved.segment_id in segment_ids else ())
    ]
    if rows:
        columns = map(list, zip(*rows, strict=True))
        await db.execute(_MARK, run.workspace_id, len(rows) > MANY, run.lock.clock_at, *columns)
        await enqueue(work.PROCESS_CHANGES, run.workspace_id)


_MARK = """
INSERT INTO dirty_contacts (workspace_id, contact_id, fields, bulk, marked_at, cause)
SELECT $1, contact_id, ARRAY[change], $2, $3, cause
FROM unnest($4::bigint[], $5::text[], $6::text[]) AS n (contact_id, change, cause)
"""


async def _record_causes(run: Run, append: Append, position: int) -> None:
    """For workflows that listen to the segments that were changed."""
    listened = [one for one in run.moved if membership_changed(one.segment_id) in run.plans.listened]
    if not listened:
        return
    await enqueue(work.PROCESS_WORKFLOWS, run.workspace_id)
    start = position - append.size
    rows = [
        (start + moved.until, contact_id, moved.segment_id, start + moved.after, str(cause))
        for moved in listened
        for contact_id, cause in moved.causes.items()
        if cause.chains
    ]
    if rows:
        await db.execute(_RECORD_CAUSES, run.workspace_id, *map(list, zip(*rows, strict=True)))


_RECORD_CAUSES = """
INSERT INTO workflow_causes (workspace_id, position, contact_id, segment_id, after_position, cause)
SELECT $1, position, contact_id, segment_id, after_position, cause
FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[])
    AS n (position, contact_id, segment_id, after_position, cause)
"""


# ---------------------------------------------------------------- time


async def record_next_moment(run: Run) -> None:
    """When time next has something to move. `moments` of the batch are those of dates, schedules and others."""
    wakes_at = await db.fetch_value(_NEXT, run.workspace_id)
    moments = [moment for moment in (wakes_at, *run.moments) if moment is not None]
    await engine_lock.record_due(run.workspace_id, min(moments, default=None), run.lock.now)


_NEXT = """
SELECT least(
    (SELECT min(wake_at) FROM enrollments WHERE workspace_id = $1 AND wake_at IS NOT NULL AND test_id IS NULL),
    (SELECT min(until) FROM workflow_keeps WHERE workspace_id = $1 AND test_id IS NULL))
"""
