"""About how many contacts a rule finds, from a sample: as fast with many contacts as with few.

The sample are all contacts whose ids lie in windows of equal width, one at a random place of each of 2,000 equal parts of the
ids that the workspace has: so each contact is as likely to be in it, whatever gaps there are. The places are the same for each
rule, so that an edit of a rule moves the number by what the edit changes, and not by chance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from random import Random
from typing import Final

from models import clock, db
from models.rule_catalogue.loading import load_catalogue
from models.rules.check import check
from models.rules.compile import batch
from models.rules.parameters import Parameters
from models.rules.tree import Rule
from models.segments.preview import Wanted, preview
from permissions.principal import Scope

FEW: Final = 50_000
"""So many contacts are counted as fast as a sample is read."""

WINDOWS: Final = 2_000
SAMPLE: Final = 8_000
"""How many contacts a sample has, about. Of neighbours who are alike, two are not much more than one."""

PILOT: Final = 10_000
"""One in so many ids is looked at to learn how densely they are used."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """In 19 of 20 cases the exact count differs from `count` by no more than `margin`; 0: it is exact."""

    count: int
    margin: int


@dataclass(frozen=True, slots=True)
class Windows:
    """`first_ids`, each followed by `width` - 1 more, among the `span` ids that the workspace has."""

    first_ids: Sequence[int]
    width: int
    span: int

    def scaled(self, seen: float) -> float:
        """How many there are in all when so many are in the windows."""
        return seen * self.span / (len(self.first_ids) * self.width)


async def estimate(scope: Scope, rule_json: object) -> Estimate:
    """About how many contacts an unsaved rule (JSON) finds now. Raises Problems below `rule`."""
    ends = await db.fetch_row(_ENDS, scope.workspace_id, FEW)
    assert ends is not None, "a SELECT without FROM has a row"
    if ends["contacts"] <= FEW:
        return Estimate((await preview(scope, rule_json, Wanted())).count, 0)
    rule = check(rule_json, await load_catalogue(scope, rule_json))
    first, span = ends["first"], ends["last"] - ends["first"] + 1
    pilot = _windows(first, span, span // PILOT)
    near = pilot.scaled(await db.fetch_value(_SEEN, scope.workspace_id, pilot.first_ids, pilot.width))
    return await _look(scope, rule, _windows(first, span, ceil(span * SAMPLE / max(near, SAMPLE))))


def _windows(first: int, span: int, ids: int) -> Windows:
    """Windows with about so many ids in all."""
    count = min(WINDOWS, span)
    width = max(1, ids // count)
    part = span / count
    chance = Random(first)  # noqa: S311 - a sample, and no secret
    return Windows(
        [first + int(part * at + chance.random() * max(part - width, 0)) for at in range(count)], width, span
    )


# Two ends of an index, and no more entries of it than decide whether there are few.
_ENDS: Final = """
SELECT (SELECT count(*) FROM (SELECT FROM contacts WHERE workspace_id = $1 LIMIT $2::bigint + 1) AS first_ones) AS contacts,
       (SELECT id FROM contacts WHERE workspace_id = $1 ORDER BY id LIMIT 1) AS first,
       (SELECT id FROM contacts WHERE workspace_id = $1 ORDER BY id DESC LIMIT 1) AS last
"""

# Of a workspace that the statistics do not know yet, the planner expects one contact, to which each index leads as well. ORDER BY
# makes it take the one that is ordered by id: with another, each of the windows would read the whole workspace.
_SEEN: Final = """
SELECT coalesce(sum(inside.seen), 0)::bigint FROM unnest($2::bigint[]) AS w (first)
CROSS JOIN LATERAL (
    SELECT count(*) AS seen FROM (
        SELECT FROM contacts AS c WHERE c.workspace_id = $1 AND c.id >= w.first AND c.id < w.first + $3::bigint
        ORDER BY c.id OFFSET 0
    ) AS near
) AS inside
"""


async def _look(scope: Scope, rule: Rule, windows: Windows) -> Estimate:
    p = Parameters(scope.workspace_id, scope.timezone)
    compiled = batch([rule], p)
    sql = _LOOK.format(
        first_ids=p.bind(list(windows.first_ids), "bigint[]"),
        width=p.bind(windows.width, "bigint"),
        workspace=p.workspace,
        joins=compiled.joins,
        condition=compiled.conditions[0],
    )
    row = await db.fetch_row(sql, *await p.values(clock.now()))
    assert row is not None, "an aggregate has a row"
    return _estimated(row["found"], row["squares"], windows)


# OFFSET keeps each window a look at the index of its own: the planner cannot know how few contacts it has.
_LOOK: Final = """
SELECT coalesce(sum(found), 0)::bigint AS found, coalesce(sum(found * found), 0)::bigint AS squares FROM (
    SELECT count(*) FILTER (WHERE {condition}) AS found FROM unnest({first_ids}) AS w (first)
    CROSS JOIN LATERAL (
        SELECT * FROM contacts AS near
        WHERE near.workspace_id = {workspace} AND near.id >= w.first AND near.id < w.first + {width}
        ORDER BY near.id OFFSET 0
    ) AS c {joins} GROUP BY w.first
) AS of_window
"""


def _estimated(found: int, squares: int, windows: Windows) -> Estimate:
    """The margin is by how much the windows differ, so it is wide when neighbours are alike. `squares`: their sum.

    When nothing was found there may be as many as a sample misses in one of 20 cases: three times what one of it stands for.
    """
    count = len(windows.first_ids)
    variance = (squares - found * found / count) / max(count - 1, 1)
    margin = 1.96 * sqrt(count * variance)
    return Estimate(round(windows.scaled(found)), round(windows.scaled(max(margin, 3))))
