"""The engine's long statements, made once for a set of rules: who belongs where, and who crossed a line."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final

from models.rules.boundaries import ActivityCrossing, Boundary
from models.rules.compile import batch
from models.rules.parameters import Parameters
from models.rules.tree import Rule


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL and its parameters; `contact_ids` is given at each run."""

    sql: str
    parameters: Parameters


def evaluation(workspace_id: int, timezone: str, segment_ids: Sequence[int], rules: Sequence[Rule]) -> Statement:
    """Where some contacts (`contact_ids`) are not as these segments' rules, and people's overrides, want them.

    Rows: segment_id, contact_id, entered (whether it is to enter, or to leave), origin.
    """
    p = Parameters(workspace_id, timezone)
    compiled = batch(rules, p)
    sql = _EVALUATE.format(
        workspace=p.workspace,
        contacts=p.named("contact_ids", "bigint[]"),
        segments=p.bind(tuple(segment_ids), "bigint[]"),
        joins=compiled.joins,
        conditions=",\n".join(f"({condition}) IS TRUE" for condition in compiled.conditions),
    )
    return Statement(sql, p)


# Members as they should be, as they are stored, and what people said, side by side: only what differs comes out. Stored
# members are found by contact: where the segments stand in the same condition, the planner may walk through all of their members.
_EVALUATE = """
WITH wanted AS MATERIALIZED (
    SELECT c.id AS contact_id, told.segment_id
    FROM contacts AS c
    {joins}
    CROSS JOIN LATERAL unnest({segments}, ARRAY[
        {conditions}
    ]) AS told (segment_id, holds)
    WHERE c.workspace_id = {workspace} AND c.id = ANY ({contacts}) AND told.holds
), held AS MATERIALIZED (
    SELECT contact_id, segment_id FROM memberships WHERE workspace_id = {workspace} AND contact_id = ANY ({contacts})
), stored AS MATERIALIZED (
    SELECT held.* FROM held JOIN unnest({segments}) AS asked (segment_id) USING (segment_id)
), said AS MATERIALIZED (
    SELECT o.contact_id, o.segment_id, o.override FROM membership_overrides AS o
    JOIN contacts AS c ON c.workspace_id = {workspace} AND c.id = o.contact_id
    WHERE o.workspace_id = {workspace} AND o.contact_id = ANY ({contacts}) AND o.segment_id = ANY ({segments})
)
SELECT segment_id, contact_id, stored.contact_id IS NULL AS entered,
       CASE WHEN said.override IS NULL THEN 'RULE' ELSE 'MANUAL' END AS origin
FROM wanted FULL JOIN stored USING (segment_id, contact_id) FULL JOIN said USING (segment_id, contact_id)
WHERE (stored.contact_id IS NOT NULL)
      <> CASE said.override WHEN 'INCLUDE' THEN true WHEN 'EXCLUDE' THEN false ELSE wanted.contact_id IS NOT NULL END
ORDER BY contact_id, segment_id
"""


# ---------------------------------------------------------------- time

LOOKS_AT_ONCE: Final = 500
"""Lines, and filters on them, in one statement: PostgreSQL plans each, takes 32,767 parameters, and has a stack to mind."""

Lines = Mapping[Boundary, Sequence[int]]
"""Lines, each with the segments whose it is."""


def crossers(
    workspace_id: int, timezone: str, lines_of: Iterable[tuple[int, Sequence[Boundary]]]
) -> tuple[Statement, ...]:
    """Who crossed a line since `since`; none where there are no lines. A line that several segments share is looked at once.

    Rows: contact_id (perhaps more than once), fields (marks for the segments whose line it is).
    """
    lines: dict[Boundary, list[int]] = {}
    for segment_id, boundaries in lines_of:
        for boundary in boundaries:
            lines.setdefault(boundary, []).append(segment_id)
    return tuple(_crossers_of(workspace_id, timezone, some) for some in _few_at_once(lines))


def _few_at_once(lines: Lines) -> Iterator[Lines]:
    """So many as one statement takes; those that are looked at together stand together."""
    some: dict[Boundary, Sequence[int]] = {}
    weight = 0
    for boundary in sorted(lines, key=_place):
        some[boundary] = lines[boundary]
        weight += 1 + len(getattr(boundary, "filters", ()))
        if weight >= LOOKS_AT_ONCE:
            yield some
            some, weight = {}, 0
    if some:
        yield some


def _place(boundary: Boundary) -> str:
    return repr(replace(boundary, filters=()) if isinstance(boundary, ActivityCrossing) else boundary)


def _crossers_of(workspace_id: int, timezone: str, lines: Lines) -> Statement:
    p = Parameters(workspace_id, timezone)
    looks = []
    for _, group in groupby(lines, key=_place):
        together = list(group)
        first = together[0]
        if isinstance(first, ActivityCrossing) and len(together) > 1:
            looks.append(
                _look_once(first, {line: lines[line] for line in together if isinstance(line, ActivityCrossing)}, p)
            )
        else:
            marks = p.bind(_marks(lines[first]), "text[]")
            looks.append(f"SELECT x.contact_id, {marks} AS fields FROM ({first.query(p)}) AS x")  # noqa: S608
    return Statement("\nUNION ALL\n".join(looks), p)


def _look_once(place: ActivityCrossing, lines: Mapping[ActivityCrossing, Sequence[int]], p: Parameters) -> str:
    """One look for conditions that differ in their filters alone: it is asked of each activity whose filters it passes."""
    marks = [(mark, number) for number, ids in enumerate(lines.values(), start=1) for mark in _marks(ids)]
    return _LOOK_ONCE.format(
        passes=place.passes(p),
        matches=",\n".join(f"({line.matches(p)}) IS TRUE" for line in lines),
        marks=p.bind(tuple(mark for mark, _ in marks), "text[]"),
        numbers=p.bind(tuple(number for _, number in marks), "bigint[]"),
    )


_LOOK_ONCE = """
SELECT a.contact_id, met.fields FROM activities AS a
CROSS JOIN LATERAL (
    SELECT array_agg(told.mark) AS fields
    FROM unnest(ARRAY[
        {matches}
    ]) WITH ORDINALITY AS matched (is_so, number)
    JOIN unnest({marks}, {numbers}) AS told (mark, number) USING (number)
    WHERE matched.is_so
) AS met
WHERE {passes} AND met.fields IS NOT NULL
"""


def _marks(segment_ids: Iterable[int]) -> tuple[str, ...]:
    return tuple(f"time:{segment_id}" for segment_id in segment_ids)
