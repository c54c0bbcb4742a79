"""The log of steps: what enrollments did at nodes, in order and without gaps."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Any, Final, NamedTuple

from models import clock, db
from models.changelog import append as log_append
from models.changelog.log import Log
from models.changelog.read import LogPage, check_position, read_head
from models.db import Record
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class WorkflowStep:
    """An enrollment left a node by `outcome`, or began to wait there. `at` is of the test's clock when `test`."""

    workspace_id: int
    position: int
    workflow_id: int
    enrollment_id: int
    contact_id: int
    number: int
    node: int
    outcome: str
    detail: str | None
    test: bool
    at: datetime


def _step(workspace_id: int, row: Record) -> WorkflowStep:
    return WorkflowStep(workspace_id, *row)


_COLUMNS: Final = ("workflow_id", "enrollment_id", "contact_id", "number", "node", "outcome", "detail", "test", "at")

STEPS: Final = Log(
    name="workflow_steps",
    noun="steps",
    entries="workflow_steps",
    appends="workflow_step_appends",
    heads="workflow_step_heads",
    append_ids="workflow_step_append_ids",
    columns=_COLUMNS,
    filter_column="workflow_id",
    filter_type="bigint",
    make=_step,
    filter_value=attrgetter("workflow_id"),
    cursor_mark="s1",
    cursor_source="workflowSteps",
    when_lost="Read the workflows' enrollments anew, and begin with a new cursor",
)


# ---------------------------------------------------------------- writing


class NewStep(NamedTuple):
    """A step to append; `detail` is JSON text."""

    workflow_id: int
    enrollment_id: int
    contact_id: int
    number: int
    node: int
    outcome: str
    at: datetime
    detail: str | None = None
    test: bool = False


async def append(scope: Scope, steps: Sequence[NewStep]) -> None:
    """In the ambient transaction. LOCKS: the head of the log of steps, just before the commit."""
    if not steps:
        return
    opened = await log_append.begin(scope.workspace_id, STEPS, clock.now())
    await db.execute(_APPEND, scope.workspace_id, opened.id, *map(list, zip(*steps, strict=True)))
    opened.size = len(steps)
    await db.before_commit(partial(_close, opened))


_APPEND = """
INSERT INTO workflow_steps (workspace_id, append_id, place, workflow_id, enrollment_id, contact_id, number, node, outcome, at,
                            detail, test)
SELECT $1, $2, place, workflow_id, enrollment_id, contact_id, number, node, outcome, at, detail, test
FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::integer[], $7::smallint[], $8::text[], $9::timestamptz[],
            $10::jsonb[], $11::boolean[]) WITH ORDINALITY
    AS s (workflow_id, enrollment_id, contact_id, number, node, outcome, at, detail, test, place)
"""


async def begin(scope: Scope) -> log_append.OpenAppend:
    """An append for a statement that writes steps itself, with places from 1; `logged` follows in the same transaction."""
    return await log_append.begin(scope.workspace_id, STEPS, clock.now())


async def logged(opened: log_append.OpenAppend, count: int) -> None:
    """So many steps were written. LOCKS: as `append`."""
    if count:
        opened.size = count
        await db.before_commit(partial(_close, opened))


RunStatement = Callable[..., Awaitable[None]]
"""Runs a statement with its parameters, now or later."""


class TrailStep(NamedTuple):
    """A step of all who go the same way: `trail` numbers the way, `nth` is which step of it, from 1. `detail` is JSON text."""

    trail: int
    nth: int
    workflow_id: int
    number: int
    node: int
    outcome: str
    detail: str | None


@dataclass(frozen=True, slots=True)
class Walkers:
    """Who went the trails: contacts in the order of the log, and slices of them, a column each.

    From `first` to `last`, both counted from 1, they went the same trail, which has `length` steps; the ids of their enrollments
    follow one another from `first_id` on. `before` counts the steps of those who come before, `size` those of all.
    """

    contact_ids: list[int]
    trail: list[int]
    first_id: list[int]
    first: list[int]
    last: list[int]
    length: list[int]
    before: list[int]
    size: int


async def append_trails(
    opened: log_append.OpenAppend,
    trails: Sequence[TrailStep],
    walkers: Walkers,
    at: datetime,
    run: RunStatement,
    *,
    test: bool,
) -> None:
    """Adds the steps of many who went few ways: PostgreSQL puts together who went which. `logged` follows at the end."""
    before, opened.size = opened.size, opened.size + walkers.size
    await run(
        _APPEND_TRAILS,
        opened.workspace_id,
        opened.id,
        at,
        test,
        *map(list, zip(*trails, strict=True)),
        before,
        walkers.contact_ids,
        walkers.trail,
        walkers.first_id,
        walkers.first,
        walkers.last,
        walkers.length,
        walkers.before,
    )


_APPEND_TRAILS = """
INSERT INTO workflow_steps (workspace_id, append_id, place, workflow_id, enrollment_id, contact_id, number, node, outcome, at,
                            detail, test)
SELECT $1, $2, $12::integer + slice.before + (w.nth - 1) * slice.length + t.nth, t.workflow_id, slice.first_id + w.nth - 1,
       w.contact_id, t.number, t.node, t.outcome, $3, t.detail, $4
FROM unnest($14::integer[], $15::bigint[], $16::integer[], $17::integer[], $18::integer[], $19::integer[])
    AS slice (trail, first_id, first, last, length, before)
CROSS JOIN LATERAL unnest(($13::bigint[])[slice.first:slice.last]) WITH ORDINALITY AS w (contact_id, nth)
JOIN unnest($5::integer[], $6::integer[], $7::bigint[], $8::integer[], $9::smallint[], $10::text[], $11::jsonb[])
    AS t (trail, nth, workflow_id, number, node, outcome, detail) ON t.trail = slice.trail
"""


async def _close(opened: log_append.OpenAppend) -> None:
    await log_append.close(opened)


# ---------------------------------------------------------------- reading the steps of one contact


async def of_contact(
    scope: Scope, contact_id: int, after: int | None, limit: int, workflow_ids: Collection[int] | None = None
) -> LogPage[WorkflowStep]:
    """Up to `limit` steps of a contact after a position (None: from the oldest), like `read_page`. Raises NotInLog."""
    end = await read_head(scope, STEPS)
    position = end.floor if after is None else after
    await check_position(scope, STEPS, position)
    wanted = None if workflow_ids is None else list(workflow_ids)
    found = await _found(scope, _OF_CONTACT, contact_id, position, end.position, limit + 1, wanted)
    if len(found) > limit:
        return LogPage(found[:limit], found[limit - 1].position, True)
    return LogPage(found, end.position, False)


async def of_enrollment(
    scope: Scope, contact_id: int, enrollment_id: int, after: int | None, limit: int
) -> list[WorkflowStep]:
    """Up to `limit` steps of an enrollment of this contact after a position, the oldest first."""
    return await _found(scope, _OF_ENROLLMENT, contact_id, after or 0, enrollment_id, limit)


async def _found(scope: Scope, statement: str, *args: Any) -> list[WorkflowStep]:
    rows = await db.fetch(statement, scope.workspace_id, *args)
    return [_step(scope.workspace_id, row) for row in rows]


_OF = """
SELECT a.position - a.size + s.place AS position, s.workflow_id, s.enrollment_id, s.contact_id, s.number, s.node, s.outcome,
       s.detail, s.test, s.at
FROM workflow_steps AS s
JOIN workflow_step_appends AS a ON a.workspace_id = $1 AND a.append_id = s.append_id
WHERE s.workspace_id = $1 AND s.contact_id = $2 AND a.position - a.size + s.place > $3::bigint
"""

_OF_CONTACT = f"""{_OF}
  AND a.position - a.size + s.place <= $4::bigint AND ($6::bigint[] IS NULL OR s.workflow_id = ANY ($6::bigint[]))
ORDER BY 1 LIMIT $5
"""

_OF_ENROLLMENT = f"""{_OF}
  AND s.enrollment_id = $4
ORDER BY 1 LIMIT $5
"""
