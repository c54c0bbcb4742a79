"""A score in SQL: its value, and when time alone changes it next.

The parts are expressions over contact `c`. `NEVER` stands for no next change, so that the least of several is simple.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from models.rules.compile import batch, whole
from models.rules.duration import Duration
from models.rules.measures import filter_sql
from models.rules.parameters import InstantAt, Parameters
from models.rules.thresholds import NOW, Threshold
from models.scores.definition import NOTHING, PLACES, Definition, Each, Group, Level, Part

NEVER: Final = "'infinity'::timestamptz"


@dataclass(frozen=True, slots=True)
class ScoreSql:
    """Expressions for `FROM contacts AS c {joins}`: `value`, `flip` (NEVER: no change by time), and the points of each part.

    A statement has to have `value` and the joins, whose parameters are bound.
    """

    value: str
    flip: str
    joins: str
    points: tuple[str, ...]
    counts: tuple[str, ...]


def of_some(definition: Definition, model_id: int, p: Parameters) -> ScoreSql:
    """For some contacts: a look-up per contact."""
    return _sql(definition, model_id, p, all_contacts=False)


def of_all(definition: Definition, model_id: int, p: Parameters) -> ScoreSql:
    """For all contacts: activities are read once and grouped."""
    return _sql(definition, model_id, p, all_contacts=True)


def _sql(definition: Definition, model_id: int, p: Parameters, *, all_contacts: bool) -> ScoreSql:
    rules = (whole if all_contacts else batch)(definition.rules, p)
    conditions = iter(rules.conditions)
    joins, points, counts, flips = [rules.joins], [], [], []
    for index, part in enumerate(definition.parts):
        if not isinstance(part.earn, Each):
            holds = f"({next(conditions)}) IS TRUE"
            points.append(f"CASE WHEN {holds} THEN {p.bind(part.points, 'numeric')} ELSE 0 END")
            counts.append(f"to_jsonb({holds})")
            continue
        joins.append((_grouped if all_contacts else _looked_up)(part, index, p))
        points.append(f"coalesce(e{index}.points, 0)")
        counts.append(f"to_jsonb(coalesce(e{index}.counted, 0))")
        flips.append(f"coalesce(e{index}.flip, {NEVER})")
    joins.append(_adjustments(model_id, p, all_contacts=all_contacts))
    flips.append(f"coalesce(adjusted.flip, {NEVER})")
    value = _total(definition, points, p)
    return ScoreSql(
        value,
        f"least({', '.join(flips)})",
        "\n".join(joins),
        tuple(points),
        tuple(counts),
    )


def level_sql(value: str, levels: Sequence[Level], p: Parameters) -> str:
    """The level of a value that is an expression."""
    if not levels:
        return "NULL::text"
    cases = " ".join(
        f"WHEN {value} >= {p.bind(level.start, 'numeric')} THEN {p.bind(level.name, 'text')}"
        for level in reversed(levels)
    )
    return f"CASE {cases} END"


# ---------------------------------------------------------------- sums


def _total(definition: Definition, points: Sequence[str], p: Parameters) -> str:
    sums, start = [], 0
    for group in definition.groups:
        end = start + len(group.parts)
        sums.append(_limited(" + ".join(points[start:end]), group, p))
        start = end
    total = " + ".join([*sums, "coalesce(adjusted.points, 0)"])
    return f"round({_limited(total, definition, p)}, {PLACES})"


def _limited(total: str, of: Group | Definition, p: Parameters) -> str:
    limited = f"({total})"
    if of.maximum is not None:
        limited = f"least({limited}, {p.bind(of.maximum, 'numeric')})"
    return limited if of.minimum is None else f"greatest({limited}, {p.bind(of.minimum, 'numeric')})"


# ---------------------------------------------------------------- activities


def _looked_up(part: Part, index: int, p: Parameters) -> str:
    each = part.earn
    assert isinstance(each, Each)
    newest = (
        ""
        if each.at_most is None
        else f" ORDER BY a.occurred_at DESC, a.id DESC LIMIT {p.bind(each.at_most, 'bigint')}"
    )
    where = f"a.workspace_id = {p.workspace} AND a.contact_id = c.id AND {_which(each, p)}"
    return f"""
    LEFT JOIN LATERAL (
        SELECT {_points(part, p)} AS points, count(*) FILTER (WHERE NOT x.later) AS counted, min(x.flip) AS flip
        FROM (
            (SELECT {_weight(each, p)} AS weight, {_flip(each, p)} AS flip, false AS later
             FROM activities AS a WHERE {where} AND {_counts(each, p)}{newest})
            UNION ALL
            (SELECT 0, a.occurred_at, true FROM activities AS a WHERE {where} AND a.occurred_at > {_now(p)}
             ORDER BY a.occurred_at LIMIT 1)
        ) AS x
    ) AS e{index} ON true"""  # noqa: S608 - expressions with bound values


def _grouped(part: Part, index: int, p: Parameters) -> str:
    each = part.earn
    assert isinstance(each, Each)
    where = f"a.workspace_id = {p.workspace} AND {_which(each, p)}"
    weight, flip, counts = _weight(each, p), _flip(each, p), _counts(each, p)
    if each.at_most is None:
        rows = f"""
            SELECT a.contact_id, {weight} AS weight,
                   CASE WHEN a.occurred_at <= {_now(p)} THEN {flip} ELSE a.occurred_at END AS flip,
                   a.occurred_at > {_now(p)} AS later
            FROM activities AS a WHERE {where}{_lasts(each, p)}"""  # noqa: S608
    else:
        rows = f"""
            SELECT n.contact_id, n.weight, n.flip, false AS later FROM (
                SELECT a.contact_id, {weight} AS weight, {flip} AS flip,
                       row_number() OVER (PARTITION BY a.contact_id ORDER BY a.occurred_at DESC, a.id DESC) AS place
                FROM activities AS a WHERE {where} AND {counts}) AS n
            WHERE n.place <= {p.bind(each.at_most, "bigint")}
            UNION ALL
            SELECT a.contact_id, 0, a.occurred_at, true FROM activities AS a
            WHERE {where} AND a.occurred_at > {_now(p)}"""  # noqa: S608
    return f"""
    LEFT JOIN (
        SELECT x.contact_id, {_points(part, p)} AS points, count(*) FILTER (WHERE NOT x.later) AS counted, min(x.flip) AS flip
        FROM ({rows}) AS x GROUP BY x.contact_id
    ) AS e{index} ON e{index}.contact_id = c.id"""  # noqa: S608 - expressions with bound values


def _points(part: Part, p: Parameters) -> str:
    """Of rows `x`, of which those that are `later` count nothing yet. What does not decay is counted, which is faster."""
    assert isinstance(part.earn, Each)
    counts = "count(*)" if part.earn.decay is None else "sum(x.weight)"
    return f"coalesce({counts} FILTER (WHERE NOT x.later), 0) * {p.bind(part.points, 'numeric')}"


def _which(each: Each, p: Parameters) -> str:
    conditions = [
        f"a.kind = {p.bind(each.measure.kind, 'text')}",
        *(filter_sql(one, p) for one in each.measure.filters),
    ]
    return " AND ".join(conditions)


def _now(p: Parameters) -> str:
    return p.moving(InstantAt(NOW), "timestamptz")


def _counts(each: Each, p: Parameters) -> str:
    return f"a.occurred_at <= {_now(p)}{_lasts(each, p)}"


def _lasts(each: Each, p: Parameters) -> str:
    """Leaves out those that count nothing any more, by one range of the index."""
    seconds = _longest(each)
    if seconds is None:
        return ""
    first = p.moving(InstantAt(Threshold(Duration(seconds=seconds), past=True)), "timestamptz")
    return f" AND a.occurred_at > {first}"


def _longest(each: Each) -> int | None:
    """After how many seconds an activity counts nothing, by its time or by its decay."""
    known = [each.lasting_seconds] if each.lasting_seconds is not None else []
    if each.decay is not None:
        known.append(steps_of(each.decay.kept) * each.decay.every_seconds)
    return min(known, default=None)


def steps_of(kept: Decimal) -> int:
    """How many steps it takes until nothing is left."""
    steps, left = 0, Decimal(1)
    while left >= NOTHING:
        left *= kept
        steps += 1
    return steps


def _steps(each: Each, p: Parameters) -> str:
    assert each.decay is not None
    age = f"extract(epoch FROM ({_now(p)} - a.occurred_at))"
    return f"floor({age} / {p.bind(each.decay.every_seconds, 'bigint')})"


def _weight(each: Each, p: Parameters) -> str:
    if each.decay is None:
        return "1::numeric"
    return f"power({p.bind(each.decay.kept, 'numeric')}, {_steps(each, p)}::numeric)"


def _flip(each: Each, p: Parameters) -> str:
    flips = []
    if each.lasting_seconds is not None:
        flips.append(f"a.occurred_at + {p.bind(each.lasting_seconds, 'bigint')} * interval '1 second'")
    if each.decay is not None:
        every = p.bind(each.decay.every_seconds, "bigint")
        flips.append(f"a.occurred_at + (({_steps(each, p)} + 1) * {every}) * interval '1 second'")
    return f"least({', '.join(flips)})" if flips else NEVER


# ---------------------------------------------------------------- adjustments


def _adjustments(model_id: int, p: Parameters, *, all_contacts: bool) -> str:
    which = (
        f"d.workspace_id = {p.workspace} AND d.model_id = {p.bind(model_id, 'bigint')}"
        f" AND (d.until IS NULL OR d.until > {_now(p)})"
    )
    if all_contacts:
        return f"""
    LEFT JOIN (
        SELECT d.contact_id, sum(d.points) AS points, min(d.until) AS flip FROM score_adjustments AS d WHERE {which} GROUP BY 1
    ) AS adjusted ON adjusted.contact_id = c.id"""  # noqa: S608 - bound values
    return f"""
    LEFT JOIN LATERAL (
        SELECT sum(d.points) AS points, min(d.until) AS flip FROM score_adjustments AS d
        WHERE d.contact_id = c.id AND {which}
    ) AS adjusted ON true"""  # noqa: S608 - bound values
