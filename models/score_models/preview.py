"""Who would have which score: an exact histogram, and a sample. Nothing is stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from models import clock, db
from models.rule_catalogue.loading import load_catalogue
from models.rules.parameters import Parameters
from models.score_models.score_models import rules_of
from models.scores.definition import read
from models.scores.statements import of_all
from models.scores.text import text_of
from permissions.principal import Scope

BUCKETS: Final = 20


@dataclass(frozen=True, slots=True)
class Bucket:
    """Contacts with a value from `start` up to, but without, `end`; the last one includes it."""

    start: Decimal
    end: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """`contacts`: (id, value), the highest first."""

    buckets: Sequence[Bucket]
    contacts: Sequence[tuple[int, Decimal]]
    text: str


async def preview(scope: Scope, given: Mapping[str, Any], first: int) -> Preview:
    """`given` has the shape of ScoreModelInput. Raises Problems below its fields."""
    definition = read(given, await load_catalogue(scope, *rules_of(given)))
    p = Parameters(scope.workspace_id, scope.timezone)
    score = of_all(definition, 0, p)
    sql = _PREVIEW.format(
        value=score.value,
        joins=score.joins,
        workspace=p.workspace,
        first=p.bind(first, "bigint"),
        buckets=p.bind(BUCKETS, "integer"),
    )
    row = await db.fetch_row(sql, *await p.values(clock.now()))
    assert row is not None
    low, high = row["low"], row["high"]
    contacts = list(zip(row["ids"] or (), row["highest"] or (), strict=True))
    return Preview(_buckets(low, high, row["places"] or (), row["counts"] or ()), contacts, text_of(definition))


def _buckets(low: Decimal | None, high: Decimal | None, places: Sequence[int], counts: Sequence[int]) -> list[Bucket]:
    if low is None or high is None:
        return []
    if low == high:
        return [Bucket(low, high, sum(counts))]
    counted = dict(zip(places, counts, strict=True))
    width = (high - low) / BUCKETS
    return [Bucket(low + width * place, low + width * (place + 1), counted.get(place, 0)) for place in range(BUCKETS)]


_PREVIEW: Final = """
    WITH scored AS MATERIALIZED (
        SELECT c.id, {value} AS value FROM contacts AS c {joins} WHERE c.workspace_id = {workspace}
    ), ends AS (SELECT min(value) AS low, max(value) AS high FROM scored), counted AS (
        SELECT CASE WHEN high = low THEN 0
                    ELSE least({buckets} - 1, floor((value - low) / ((high - low) / {buckets}))::integer) END AS place,
               count(*)::integer AS contacts
        FROM scored CROSS JOIN ends GROUP BY 1
    ), highest AS (SELECT id, value FROM scored ORDER BY value DESC, id LIMIT {first})
    SELECT ends.low, ends.high, (SELECT array_agg(place ORDER BY place) FROM counted) AS places,
           (SELECT array_agg(contacts ORDER BY place) FROM counted) AS counts,
           (SELECT array_agg(id ORDER BY value DESC, id) FROM highest) AS ids,
           (SELECT array_agg(value ORDER BY value DESC, id) FROM highest) AS highest
    FROM ends
"""
