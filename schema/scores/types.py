"""Scores as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models.contacts.find import contacts_by_ids
from models.db import load_json
from models.membership import dirty_contacts
from models.rule_catalogue.loading import load_catalogue
from models.score_models import of_contacts, score_models
from models.score_models.of_contacts import ContactScore as StoredScore
from models.scores.definition import read as read_definition
from models.scores.text import text_of
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.rules.inputs import rule_to_output
from schema.segments.enums import SegmentStatus
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, global_id, ids_of, mapped, read
from schema.server.guard import admit, scope_of
from schema.server.types.connection import PageInfo
from schema.server.types.nodes import Node, node
from schema.server.types.scalars import JSON

if TYPE_CHECKING:
    Contact = Any  # schema.contacts.types imports this module


# ---------------------------------------------------------------- models


def _definition(row: Any) -> Any:
    """In the shape of ScoreModelInput, with outside ids."""
    stored = load_json(read(row, "definition"))
    for group in stored["groups"]:
        for part in group["parts"]:
            if part["earn"].get("while") is not None:
                part["earn"]["while"] = rule_to_output(part["earn"]["while"])
    named = {"key": read(row, "key"), "name": read(row, "name"), "description": read(row, "description")}
    return {**named, **{name: value for name, value in stored.items() if value is not None}}


async def _texts_of(rows: Sequence[Any], info: Info) -> Sequence[str]:
    stored = [load_json(read(row, "definition")) for row in rows]
    rules = [rule for one in stored for rule in score_models.rules_of(one)]
    catalogue = await load_catalogue(scope_of(info), *rules)
    return [text_of(read_definition(one, catalogue, stored=True)) for one in stored]


async def _levels_of(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    counts = await score_models.counts_by_level(scope_of(info), ids_of(rows))
    found = []
    for row in rows:
        levels = load_json(read(row, "active_definition") or read(row, "definition")).get("levels") or []
        ordered = sorted(levels, key=lambda level: float(level["from"]))
        found.append(
            [
                {
                    "name": level["name"],
                    "from_": float(level["from"]),
                    "contact_count": counts[read(row, "id")].get(level["name"], 0),
                }
                for level in ordered
            ]
        )
    return found


async def _computed_at_of(rows: Sequence[Any], info: Info) -> Sequence[datetime | None]:
    as_of = await dirty_contacts.as_of(scope_of(info))
    return [None if read(row, "active_build") is None else as_of for row in rows]


@strawberry.type(description="A level of a score, and who has it.")
class ScoreLevel:
    name: str = strawberry.field(description="The level's name.")
    from_: float = strawberry.field(name="from", description="The least value that has it.")
    contact_count: int = strawberry.field(description="How many contacts have it.")


@strawberry.type(
    description="A number that follows a contact's facts, always and exactly, time included. A rule reads it as `scores.<key>`,"
    " its level as `scores.<key>.level`."
)
class ScoreModel(Node):
    id: strawberry.ID = global_id("ScoreModel", recurring=True)
    key: str = strawberry.field(description="By which rules name it.")
    name: str = strawberry.field(description="What people call it.")
    description: str | None = strawberry.field(description="What it is for.")
    status: SegmentStatus = strawberry.field(
        description="BUILDING while a definition is computed; FAILED when it cannot be."
    )
    version: int = strawberry.field(description="Grows by one with each change: send it back to detect a lost update.")
    definition: JSON = derived(_definition, description="In the shape of ScoreModelInput.")
    text: str = batched(_texts_of, description="The definition in plain words.")
    levels: list[ScoreLevel] = batched(_levels_of, description="From the lowest.")
    created_at: datetime
    updated_at: datetime
    computed_at: datetime | None = batched(
        _computed_at_of, description="The moment for which the values are right; null before the first build."
    )


@strawberry.type
class ScoreModelEdge:
    cursor: str
    node: ScoreModel


@strawberry.type
class ScoreModelConnection:
    edges: list[ScoreModelEdge]
    nodes: list[ScoreModel]
    page_info: PageInfo


@node("ScoreModel", Permission.SEGMENT_READ)
async def _score_models(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await score_models.by_ids(scope, ids)


# ---------------------------------------------------------------- of contacts


def _number(value: Decimal) -> float:
    return float(value)


@strawberry.type(description="What a part of a score earns a contact now.")
class ScorePartValue:
    group: str = strawberry.field(description="The group's name.")
    label: str = strawberry.field(description="The part's label.")
    points: float = mapped("points", _number, description="What it earns now.")
    actual: JSON | None = strawberry.field(
        description="What earns them: a condition's truth, or how many activities count now."
    )


async def _models_of(scores: Sequence[StoredScore], info: Info) -> Sequence[Any]:
    ids = sorted({score.model_id for score in scores})
    rows = {row["id"]: row for row in await score_models.by_ids(scope_of(info), ids)}
    return [rows.get(score.model_id) for score in scores]


async def _parts_of(scores: Sequence[StoredScore], info: Info) -> Sequence[Any]:
    found = await of_contacts.parts_of(scope_of(info), scores)
    return [[_shown(part) for part in parts] for parts in found]


def _shown(part: of_contacts.PartValue) -> dict[str, Any]:
    actual = None if part.actual is None else str(part.actual).lower()
    return {"group": part.group, "label": part.label, "points": part.points, "actual": actual}


@strawberry.type(description="A score of a contact.")
class ContactScore:
    model: ScoreModel = batched(_models_of, description="The score.")
    value: float = mapped("value", _number, description="Its value now.")
    level: str | None = strawberry.field(description="The level that the value has.")
    next_change_at: datetime | None = strawberry.field(
        description="When an activity or a correction counts for less or more, by time alone; null: never."
    )
    parts: list[ScorePartValue] = batched(_parts_of, cost=2, description="What earns the value, part by part.")


@strawberry.type(description="What a score of a contact was, from then on.")
class ScoreHistoryEntry:
    at: datetime = strawberry.field(description="Since when.")
    value: float = mapped("value", _number, description="The value.")
    level: str | None = strawberry.field(description="Its level.")


@strawberry.type
class ScoreHistoryEdge:
    cursor: str
    node: ScoreHistoryEntry


@strawberry.type
class ScoreHistoryConnection:
    edges: list[ScoreHistoryEdge]
    nodes: list[ScoreHistoryEntry]
    page_info: PageInfo


# ---------------------------------------------------------------- previews


@strawberry.type(description="Contacts with a value from `from` up to, but without, `to`; the last bucket includes it.")
class ScoreBucket:
    from_: float = strawberry.field(name="from", description="The least value.")
    to: float = strawberry.field(description="The greatest value.")
    count: int = strawberry.field(description="How many contacts.")


async def _contacts_of(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    admit(info.context, Permission.CONTACT_READ)
    ids = [read(row, "contact_id") for row in rows]
    found = {row["id"]: row for row in await contacts_by_ids(scope_of(info), ids)}
    return [found.get(contact_id) for contact_id in ids]


@strawberry.type(description="A contact, and the value that it would have.")
class ScorePreviewContact:
    contact: Annotated["Contact", strawberry.lazy("schema.contacts.types")] = batched(
        _contacts_of, description="The contact."
    )
    value: float = mapped("value", _number, description="The value.")


@strawberry.type(description="Who would have which score.")
class ScorePreview:
    buckets: list[ScoreBucket] = strawberry.field(description="An exact histogram of all contacts.")
    contacts: list[ScorePreviewContact] = strawberry.field(description="Those with the highest values.")
    text: str = strawberry.field(description="The definition in plain words.")
