"""The scores of contacts: values, what earns them, and what they were."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from models import clock, db
from models.rule_catalogue.loading import load_catalogue
from models.rules.parameters import Parameters
from models.score_models.score_models import rules_of
from models.scores.definition import Definition, read
from models.scores.statements import of_some
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class PartValue:
    """`actual` is JSON: whether the rule holds, or how many activities count."""

    group: str
    label: str
    points: Decimal
    actual: Any


@dataclass(frozen=True, slots=True)
class ContactScore:
    model_id: int
    contact_id: int
    value: Decimal
    level: str | None
    next_change_at: datetime | None


async def of_contacts(scope: Scope, contact_ids: Sequence[int]) -> dict[int, list[ContactScore]]:
    """Returns the scores of each contact that are built, in the order of the scores."""
    rows = await db.fetch(_SCORES, scope.workspace_id, list(contact_ids))
    found: dict[int, list[ContactScore]] = {contact_id: [] for contact_id in contact_ids}
    for row in rows:
        found[row["contact_id"]].append(ContactScore(*row))
    return found


_SCORES: Final = """
    SELECT m.id, s.contact_id, s.value, s.level, s.next_change_at FROM score_models AS m
    JOIN contact_scores AS s ON s.workspace_id = $1 AND s.build_id = m.active_build AND s.contact_id = ANY ($2::bigint[])
    WHERE m.workspace_id = $1 ORDER BY m.id
"""


async def parts_of(scope: Scope, scores: Sequence[ContactScore]) -> list[list[PartValue]]:
    """What earns each score now, part by part."""
    parts: dict[tuple[int, int], list[PartValue]] = {}
    for model_id in {score.model_id for score in scores}:
        contact_ids = [score.contact_id for score in scores if score.model_id == model_id]
        parts |= {
            (model_id, contact_id): one for contact_id, one in (await _parts(scope, model_id, contact_ids)).items()
        }
    return [parts.get((score.model_id, score.contact_id), []) for score in scores]


async def _parts(scope: Scope, model_id: int, contact_ids: Sequence[int]) -> dict[int, list[PartValue]]:
    stored = await db.fetch_value(
        "SELECT active_definition FROM score_models WHERE workspace_id = $1 AND id = $2", scope.workspace_id, model_id
    )
    given = db.load_json(stored)
    definition = read(given, await load_catalogue(scope, *rules_of(given)), stored=True)
    p = Parameters(scope.workspace_id, scope.timezone)
    score = of_some(definition, model_id, p)
    rows = await db.fetch(
        f"""
        SELECT c.id, {score.value} AS value, ARRAY[{", ".join(f"({one})::numeric" for one in score.points)}] AS points,
               ARRAY[{", ".join(score.counts)}] AS counts, coalesce(adjusted.points, 0) AS adjusted
        FROM contacts AS c {score.joins}
        WHERE c.workspace_id = {p.workspace} AND c.id = ANY ({p.bind(list(contact_ids), "bigint[]")})
        """,  # noqa: S608 - expressions with bound values
        *await p.values(clock.now()),
    )
    return {row["id"]: _of_row(definition, row) for row in rows}


ADJUSTED: Final = "Adjustments"


def _of_row(definition: Definition, row: db.Record) -> list[PartValue]:
    named = [(group.name, part.label) for group in definition.groups for part in group.parts]
    values = [
        PartValue(group, label, points, db.load_json(actual))
        for (group, label), points, actual in zip(named, row["points"], row["counts"], strict=True)
    ]
    if row["adjusted"]:
        values.append(PartValue(ADJUSTED, ADJUSTED, row["adjusted"], None))
    return values


# ---------------------------------------------------------------- history


async def history(
    scope: Scope, contact_ids: Sequence[int], model_id: int, limit: int, before: datetime | None = None
) -> dict[int, list[db.Record]]:
    """Returns up to `limit` entries of each contact, the newest first: value and level, `at` when they began."""
    rows = await db.fetch(_HISTORY, scope.workspace_id, list(contact_ids), model_id, limit, before)
    found: dict[int, list[db.Record]] = {contact_id: [] for contact_id in contact_ids}
    for row in rows:
        found[row["contact_id"]].append(row)
    return found


_HISTORY: Final = """
    SELECT page.* FROM unnest($2::bigint[]) AS wanted (id), LATERAL (
        SELECT h.contact_id, h.at, h.value, h.level FROM score_history AS h
        WHERE h.workspace_id = $1 AND h.model_id = $3 AND h.contact_id = wanted.id AND ($5::timestamptz IS NULL OR h.at < $5)
        ORDER BY h.at DESC LIMIT $4) AS page
"""
