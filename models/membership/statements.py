"""The engine's long statements, made once for a set of rules."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Final, TypeVar

from models.rules.alike import in_groups
from models.rules.compile import batch
from models.rules.contact_changes import ContactChange, threshold_crossed
from models.rules.crossings import ActivityCrossing, AnyCrossing
from models.rules.parameters import Parameters
from models.rules.tree import Rule

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    parameters: Parameters


def evaluation(workspace_id: int, timezone: str, segment_ids: Sequence[int], rules: Sequence[Rule]) -> Statement:
    """Where stored members of `contact_ids` differ from rules and overrides.

    Rows: segment_id, contact_id, entered (false: to leave), origin.
    """
    p = Parameters(workspace_id, timezone)
    contacts = p.named("contact_ids", "bigint[]")
    rule_of = dict(zip(segment_ids, rules, strict=True))
    groups = in_groups(rule_of, p)
    for segment_id in [segment_id for group in groups for segment_id in group.segment_ids]:
        del rule_of[segment_id]
    wanted = [_ALIKE.format(index=index, condition=group.condition) for index, group in enumerate(groups)]
    if rule_of:
        wanted.append(_one_by_one(rule_of, p))
    where = f"WHERE c.workspace_id = {p.workspace} AND c.id = ANY ({contacts})"
    sql = _EVALUATE.format(
        workspace=p.workspace,
        contacts=contacts,
        segments=p.bind(tuple(segment_ids), "bigint[]"),
        tables="".join(
            f"alike_{index} AS MATERIALIZED (\n    {group.table}\n), " for index, group in enumerate(groups)
        ),
        wanted=f"\n    {where}\n    UNION ALL\n    ".join(wanted) + f"\n    {where}",
    )
    return Statement(sql, p)


def _one_by_one(rules: Mapping[int, Rule], p: Parameters) -> str:
    compiled = batch(tuple(rules.values()), p)
    return _ONE_BY_ONE.format(
        segments=p.bind(tuple(rules), "bigint[]"),
        joins=compiled.joins,
        conditions=",\n".join(f"({condition}) IS TRUE" for condition in compiled.conditions),
    )


# Only rules that hold become rows: a row for each rule and contact costs more than the rule itself.
_ONE_BY_ONE = """SELECT c.id, ({segments})[holds.position]
    FROM contacts AS c
    {joins}
    CROSS JOIN LATERAL unnest(array_positions(ARRAY[
        {conditions}
    ], true)) AS holds (position)"""

_ALIKE = """SELECT c.id, v.segment_id FROM contacts AS c JOIN alike_{index} AS v ON {condition}"""

# Stored members are found by contact alone: given the segments too, the planner may read all their members.
_EVALUATE = """
WITH {tables}wanted (contact_id, segment_id) AS MATERIALIZED (
    {wanted}
), held AS MATERIALIZED (
    SELECT contact_id, segment_id FROM memberships WHERE workspace_id = {workspace} AND contact_id = ANY ({contacts})
), stored AS MATERIALIZED (
    SELECT held.* FROM held JOIN unnest({segments}) AS evaluated (segment_id) USING (segment_id)
), overridden AS MATERIALIZED (
    SELECT o.contact_id, o.segment_id, o.override FROM membership_overrides AS o
    JOIN contacts AS c ON c.workspace_id = {workspace} AND c.id = o.contact_id
    WHERE o.workspace_id = {workspace} AND o.contact_id = ANY ({contacts}) AND o.segment_id = ANY ({segments})
)
SELECT segment_id, contact_id, stored.contact_id IS NULL AS entered,
       CASE WHEN overridden.override IS NULL THEN 'RULE' ELSE 'MANUAL' END AS origin
FROM wanted FULL JOIN stored USING (segment_id, contact_id) FULL JOIN overridden USING (segment_id, contact_id)
WHERE (stored.contact_id IS NOT NULL)
      <> CASE overridden.override WHEN 'INCLUDE' THEN true WHEN 'EXCLUDE' THEN false ELSE wanted.contact_id IS NOT NULL END
ORDER BY contact_id, segment_id
"""


# ---------------------------------------------------------------- time

LOOKUPS_AT_ONCE: Final = 500
"""Limited by planning, 32,767 parameters and PostgreSQL's stack."""

Thresholds = Mapping[AnyCrossing, Sequence[int]]


def grouped(thresholds: Mapping[AnyCrossing, T]) -> Iterator[dict[AnyCrossing, T]]:
    """Groups for one statement each, sorted by `sort_key`."""
    some: dict[AnyCrossing, T] = {}
    total = 0
    for crossing in sorted(thresholds, key=sort_key):
        some[crossing] = thresholds[crossing]
        total += weight(crossing)
        if total >= LOOKUPS_AT_ONCE:
            yield some
            some, total = {}, 0
    if some:
        yield some


def weight(crossing: AnyCrossing) -> int:
    return 1 + len(getattr(crossing, "filters", ()))


def sort_key(crossing: AnyCrossing) -> tuple[str, str]:
    return _lookup_key(crossing), repr(crossing)


def _lookup_key(crossing: AnyCrossing) -> str:
    return repr(replace(crossing, filters=()) if isinstance(crossing, ActivityCrossing) else crossing)


def crossers_of(workspace_id: int, timezone: str, thresholds: Thresholds) -> Statement:
    """Who crossed a threshold after `since`. `thresholds` must be in the order of `sort_key`.

    Rows: contact_id (may repeat), fields (a change for each segment).
    """
    p = Parameters(workspace_id, timezone)
    lookups = []
    for _, group in groupby(thresholds, key=_lookup_key):
        together = list(group)
        first = together[0]
        if isinstance(first, ActivityCrossing) and len(together) > 1:
            lookups.append(
                _one_lookup(
                    first,
                    {
                        threshold: thresholds[threshold]
                        for threshold in together
                        if isinstance(threshold, ActivityCrossing)
                    },
                    p,
                )
            )
        else:
            marks = p.bind(_marks(thresholds[first]), "text[]")
            lookups.append(f"SELECT x.contact_id, {marks} AS fields FROM ({first.query(p)}) AS x")  # noqa: S608
    return Statement("\nUNION ALL\n".join(lookups), p)


def _one_lookup(first: ActivityCrossing, thresholds: Mapping[ActivityCrossing, Sequence[int]], p: Parameters) -> str:
    """The conditions differ only in their filters."""
    marks = [(mark, index) for index, ids in enumerate(thresholds.values(), start=1) for mark in _marks(ids)]
    return _ONE_LOOKUP.format(
        passes=first.passes(p),
        matches=",\n".join(f"({threshold.matches(p)}) IS TRUE" for threshold in thresholds),
        marks=p.bind(tuple(mark for mark, _ in marks), "text[]"),
        indexes=p.bind(tuple(index for _, index in marks), "bigint[]"),
    )


_ONE_LOOKUP = """
SELECT a.contact_id, found.fields FROM activities AS a
CROSS JOIN LATERAL (
    SELECT array_agg(marks.mark) AS fields
    FROM unnest(ARRAY[
        {matches}
    ]) WITH ORDINALITY AS matched (passes, index)
    JOIN unnest({marks}, {indexes}) AS marks (mark, index) USING (index)
    WHERE matched.passes
) AS found
WHERE {passes} AND found.fields IS NOT NULL
"""


def _marks(segment_ids: Iterable[int]) -> tuple[ContactChange, ...]:
    return tuple(map(threshold_crossed, segment_ids))
