"""The engine's long statements, made once for a set of rules: who belongs where, and who crossed a threshold."""

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
    """SQL and its parameters; `contact_ids` is given at each run."""

    sql: str
    parameters: Parameters


def evaluation(workspace_id: int, timezone: str, segment_ids: Sequence[int], rules: Sequence[Rule]) -> Statement:
    """Where some contacts (`contact_ids`) are not as these segments' rules, and people's overrides, want them.

    Rows: segment_id, contact_id, entered (whether it is to enter, or to leave), origin.
    """
    p = Parameters(workspace_id, timezone)
    contacts = p.named("contact_ids", "bigint[]")
    rule_of = dict(zip(segment_ids, rules, strict=True))
    groups = in_groups(rule_of, p)
    for segment_id in [segment_id for group in groups for segment_id in group.segment_ids]:
        del rule_of[segment_id]
    wanted = [_ALIKE.format(number=number, condition=group.condition) for number, group in enumerate(groups)]
    if rule_of:
        wanted.append(_one_by_one(rule_of, p))
    where = f"WHERE c.workspace_id = {p.workspace} AND c.id = ANY ({contacts})"
    sql = _EVALUATE.format(
        workspace=p.workspace,
        contacts=contacts,
        segments=p.bind(tuple(segment_ids), "bigint[]"),
        tables="".join(
            f"alike_{number} AS MATERIALIZED (\n    {group.table}\n), " for number, group in enumerate(groups)
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


# Only rules that hold become rows: most do not hold, and a row for each rule and contact costs more than the rule itself.
_ONE_BY_ONE = """SELECT c.id, ({segments})[holds.position]
    FROM contacts AS c
    {joins}
    CROSS JOIN LATERAL unnest(array_positions(ARRAY[
        {conditions}
    ], true)) AS holds (position)"""

_ALIKE = """SELECT c.id, v.segment_id FROM contacts AS c JOIN alike_{number} AS v ON {condition}"""

# Members as they should be, as they are stored, and what people said, side by side: only what differs comes out. Stored
# members are found by contact: where the segments stand in the same condition, the planner may walk through all of their members.
_EVALUATE = """
WITH {tables}wanted (contact_id, segment_id) AS MATERIALIZED (
    {wanted}
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

LOOKUPS_AT_ONCE: Final = 500
"""Thresholds, and filters on them, in one statement: PostgreSQL plans each, takes 32,767 parameters, and has a stack to mind."""

Thresholds = Mapping[AnyCrossing, Sequence[int]]
"""Thresholds, each with the segments whose it is."""


def grouped(thresholds: Mapping[AnyCrossing, T]) -> Iterator[dict[AnyCrossing, T]]:
    """As many at a time as one statement takes, sorted by `sort_key`; so those that are looked up together stand together."""
    some: dict[AnyCrossing, T] = {}
    taken = 0
    for crossing in sorted(thresholds, key=sort_key):
        some[crossing] = thresholds[crossing]
        taken += weight(crossing)
        if taken >= LOOKUPS_AT_ONCE:
            yield some
            some, taken = {}, 0
    if some:
        yield some


def weight(crossing: AnyCrossing) -> int:
    """How much of LOOKUPS_AT_ONCE a threshold takes."""
    return 1 + len(getattr(crossing, "filters", ()))


def sort_key(crossing: AnyCrossing) -> tuple[str, str]:
    """The order in which thresholds are looked up."""
    return _place(crossing), repr(crossing)


def _place(crossing: AnyCrossing) -> str:
    return repr(replace(crossing, filters=()) if isinstance(crossing, ActivityCrossing) else crossing)


def crossers_of(workspace_id: int, timezone: str, thresholds: Thresholds) -> Statement:
    """Who crossed one of these thresholds since `since`; they stand in the order of `sort_key`.

    Rows: contact_id (perhaps more than once), fields (marks for the segments whose threshold it is).
    """
    p = Parameters(workspace_id, timezone)
    looks = []
    for _, group in groupby(thresholds, key=_place):
        together = list(group)
        first = together[0]
        if isinstance(first, ActivityCrossing) and len(together) > 1:
            looks.append(
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
            looks.append(f"SELECT x.contact_id, {marks} AS fields FROM ({first.query(p)}) AS x")  # noqa: S608
    return Statement("\nUNION ALL\n".join(looks), p)


def _one_lookup(place: ActivityCrossing, thresholds: Mapping[ActivityCrossing, Sequence[int]], p: Parameters) -> str:
    """One look for conditions that differ in their filters alone: it is asked of each activity whose filters it passes."""
    marks = [(mark, number) for number, ids in enumerate(thresholds.values(), start=1) for mark in _marks(ids)]
    return _ONE_LOOKUP.format(
        passes=place.passes(p),
        matches=",\n".join(f"({threshold.matches(p)}) IS TRUE" for threshold in thresholds),
        marks=p.bind(tuple(mark for mark, _ in marks), "text[]"),
        numbers=p.bind(tuple(number for _, number in marks), "bigint[]"),
    )


_ONE_LOOKUP = """
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


def _marks(segment_ids: Iterable[int]) -> tuple[ContactChange, ...]:
    return tuple(map(threshold_crossed, segment_ids))
