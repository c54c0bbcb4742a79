"""Reads enrollments: those inside and those that have ended, as rows of one shape.

A row has: id, workflow_id, number (of the version that it entered with), contact_id, trigger, test_id, state, node, node_key,
node_at, wake_at, reason, message_id, control, goal_at, entered_at, ended_at and end.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from models import db
from models.db import Record
from models.workflows.insight import version_paths
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which enrollments of a workflow; None: whatever it is. `number` is of the version by which they run or ran."""

    state: str | None = None
    node_key: str | None = None
    number: int | None = None
    contact_id: int | None = None


async def page(scope: Scope, workflow_id: int, wanted: Wanted, limit: int, before: int | None = None) -> list[Record]:
    """The newest first: up to `limit` with ids below `before`."""
    return await db.fetch(
        _page(wanted.contact_id is not None), *await _given(scope, workflow_id, wanted), before, limit
    )


async def count(scope: Scope, workflow_id: int, wanted: Wanted) -> int:
    """Counts every row: it is exact, and slow for many."""
    found: int = await db.fetch_value(_count(wanted.contact_id is not None), *await _given(scope, workflow_id, wanted))
    return found


async def by_ids(scope: Scope, enrollment_ids: Sequence[int]) -> list[Record]:
    return await db.fetch(_BY_IDS, scope.workspace_id, list(enrollment_ids))


async def of_test(scope: Scope, test_id: int, contact_ids: Sequence[int]) -> list[Record]:
    """Of a test run of these contacts, the newest first."""
    return await db.fetch(_OF_TEST, scope.workspace_id, test_id, list(contact_ids))


async def of_contacts(
    scope: Scope, contact_ids: Sequence[int], inside: bool | None, limit: int, before: int | None = None
) -> dict[int, list[Record]]:
    """Of each contact, the newest first: up to `limit` with ids below `before`. `inside`: only those, or only the ended."""
    rows = await db.fetch(_OF_CONTACTS, scope.workspace_id, list(contact_ids), inside, before, limit)
    found: dict[int, list[Record]] = {contact_id: [] for contact_id in contact_ids}
    for row in rows:
        found[row["contact_id"]].append(row)
    return found


async def counts_of_contacts(scope: Scope, contact_ids: Sequence[int], inside: bool | None) -> dict[int, int]:
    rows = await db.fetch(_COUNTS_OF_CONTACTS, scope.workspace_id, list(contact_ids), inside)
    return {row["contact_id"]: row["count"] for row in rows}


async def _given(scope: Scope, workflow_id: int, wanted: Wanted) -> tuple[Any, ...]:
    stretches = await _stretches(scope, workflow_id, wanted.number)
    return (scope.workspace_id, workflow_id, wanted.state, wanted.node_key, wanted.contact_id, *stretches)


async def _stretches(scope: Scope, workflow_id: int, number: int | None) -> tuple[list[Any] | None, ...]:
    if number is None:
        return None, None, None
    found = list((await version_paths.load(scope, [workflow_id]))[workflow_id].stretches(number))
    return [one.entered for one in found], [one.since for one in found], [one.until for one in found]


# ---------------------------------------------------------------- statements

_INSIDE_ROW = """
SELECT e.id, e.workflow_id, e.number, e.contact_id, e.trigger, e.test_id, e.state, e.node, n.key AS node_key, e.node_at,
       e.wake_at, e.reason, e.message_id, e.control, e.goal_at, e.entered_at, NULL::timestamptz AS ended_at, NULL::text AS "end"
FROM enrollments AS e
LEFT JOIN workflow_nodes AS n ON n.workspace_id = $1 AND n.workflow_id = e.workflow_id AND n.node = e.node
WHERE e.workspace_id = $1
"""

_ENDED_ROW = """
SELECT e.id, e.workflow_id, e.number, e.contact_id, e.trigger, e.test_id, 'ENDED', e.node, n.key, e.node_at, NULL::timestamptz,
       e.reason, NULL::bigint, e.control, e.goal_at, e.entered_at, e.ended_at, e."end"
FROM enrollments_ended AS e
LEFT JOIN workflow_nodes AS n ON n.workspace_id = $1 AND n.workflow_id = e.workflow_id AND n.node = e.node
WHERE e.workspace_id = $1
"""

_WANTED = """
  AND e.workflow_id = $2
  AND ($4::text IS NULL OR e.node = (
      SELECT w.node FROM workflow_nodes AS w WHERE w.workspace_id = $1 AND w.workflow_id = $2 AND w.key = $4::text))
"""

_INSIDE_WANTED = f"""{_WANTED}
  AND ($3::text IS NULL OR e.state = $3::text)
  AND ($6::integer[] IS NULL OR e.number IN (
      SELECT entered FROM unnest($6::integer[], $8::timestamptz[]) AS v (entered, until) WHERE until IS NULL))
"""  # noqa: S608 - constants

_ENDED_WANTED = f"""{_WANTED}
  AND ($3::text IS NULL OR $3::text = 'ENDED')
  AND ($6::integer[] IS NULL OR EXISTS (
      SELECT FROM unnest($6::integer[], $7::timestamptz[], $8::timestamptz[]) AS v (entered, since, until)
      WHERE v.entered = e.number AND (since IS NULL OR since <= e.ended_at) AND (until IS NULL OR until > e.ended_at)))
"""

_BEFORE = "AND ($9::bigint IS NULL OR e.id < $9::bigint) ORDER BY e.id DESC LIMIT $10"


def _of_contact(one: bool) -> str:
    """Apart for one contact: so the planner knows that there are few."""
    return "AND e.contact_id = $5::bigint" if one else "AND $5::bigint IS NULL"


@cache
def _page(one: bool) -> str:
    contact = _of_contact(one)
    return f"""
        SELECT * FROM (
            ({_INSIDE_ROW} {_INSIDE_WANTED} {contact} {_BEFORE})
            UNION ALL ({_ENDED_ROW} {_ENDED_WANTED} {contact} {_BEFORE})
        ) AS found ORDER BY id DESC LIMIT $10
        """  # noqa: S608 - constants


@cache
def _count(one: bool) -> str:
    contact = _of_contact(one)
    return f"""
        SELECT (SELECT count(*) FROM enrollments AS e WHERE e.workspace_id = $1 {_INSIDE_WANTED} {contact})
             + (SELECT count(*) FROM enrollments_ended AS e WHERE e.workspace_id = $1 {_ENDED_WANTED} {contact})
        """  # noqa: S608 - constants


_BY_IDS = f"{_INSIDE_ROW} AND e.id = ANY ($2::bigint[]) UNION ALL {_ENDED_ROW} AND e.id = ANY ($2::bigint[])"

_TESTED = "AND e.test_id = $2 AND e.contact_id = ANY ($3::bigint[])"

_OF_TEST = f"{_INSIDE_ROW} {_TESTED} UNION ALL {_ENDED_ROW} {_TESTED} ORDER BY id DESC"

_OF_ONE = (
    "AND e.contact_id = wanted.contact_id AND ($4::bigint IS NULL OR e.id < $4::bigint) ORDER BY e.id DESC LIMIT $5"
)

_OF_CONTACTS = f"""
SELECT found.* FROM unnest($2::bigint[]) AS wanted (contact_id)
CROSS JOIN LATERAL (
    SELECT * FROM (
        ({_INSIDE_ROW} AND $3::boolean IS DISTINCT FROM false {_OF_ONE})
        UNION ALL ({_ENDED_ROW} AND $3::boolean IS DISTINCT FROM true {_OF_ONE})
    ) AS both_kinds ORDER BY id DESC LIMIT $5
) AS found
"""  # noqa: S608 - constants

_COUNTS_OF_CONTACTS = """
SELECT contact_id, sum(count)::bigint AS count FROM (
    SELECT contact_id, count(*) AS count FROM enrollments
    WHERE workspace_id = $1 AND contact_id = ANY ($2::bigint[]) AND $3::boolean IS DISTINCT FROM false GROUP BY contact_id
    UNION ALL
    SELECT contact_id, count(*) FROM enrollments_ended
    WHERE workspace_id = $1 AND contact_id = ANY ($2::bigint[]) AND $3::boolean IS DISTINCT FROM true GROUP BY contact_id
) AS counted GROUP BY contact_id
"""
