"""The scores of a workspace, as rules read them and as the engine computes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Counter

from models import db
from models.errors import Problems
from models.rules.catalogue import Catalogue, score_fields
from models.rules.crossings import AnyCrossing, crossings_of
from models.rules.depends import segments_mentioned as mentioned_by
from models.rules.tree import Field
from models.scores import definition as definitions
from models.scores.definition import Definition

log = structlog.get_logger(__name__)

_unreadable = Counter("muster_unreadable_scores_total", "Scores that could not be read when they were compiled.")


@dataclass(frozen=True, slots=True)
class Build:
    """A definition of a score, and whose rows of contact_scores it has. Only an `active` one counts."""

    id: int
    model_id: int
    key: str
    definition: Definition
    active: bool

    @property
    def crossings(self) -> tuple[AnyCrossing, ...]:
        found = (crossing for rule in self.definition.rules for crossing in crossings_of(rule))
        return tuple(dict.fromkeys(found))


_ROWS: Final = """
    SELECT id, key, name, active_build, active_definition, next_build, next_definition FROM score_models
    WHERE workspace_id = $1 AND (active_build IS NOT NULL OR next_build IS NOT NULL) ORDER BY id
"""


async def rows_of(workspace_id: int) -> Sequence[db.Record]:
    return await db.fetch(_ROWS, workspace_id)


def fields_of(rows: Sequence[db.Record]) -> dict[str, Field]:
    """The fields that rules can name: the value of each score that is built, and its level."""
    found: dict[str, Field] = {}
    for row in rows:
        if row["active_build"] is not None:
            levels = db.load_json(row["active_definition"]).get("levels") or ()
            ordered = sorted(levels, key=lambda level: definitions.points(level["from"]))
            found |= score_fields(row["key"], row["name"], [level["name"] for level in ordered])
    return found


def segments_mentioned(definitions_json: Sequence[str]) -> frozenset[int]:
    """The segments in the rules of stored definitions."""
    parts = (
        part["earn"].get("while")
        for text in definitions_json
        for group in db.load_json(text)["groups"]
        for part in group["parts"]
    )
    return frozenset[int]().union(*(mentioned_by(rule) for rule in parts if rule is not None))


def builds_of(workspace_id: int, rows: Sequence[db.Record], catalogue: Catalogue) -> list[Build]:
    """The builds that the engine keeps right: the active one of each score, and the next."""
    builds = []
    for row in rows:
        for name, active in (("active", True), ("next", False)):
            if row[f"{name}_build"] is not None:
                definition = _read(workspace_id, row["id"], db.load_json(row[f"{name}_definition"]), catalogue)
                if definition is not None:
                    builds.append(Build(row[f"{name}_build"], row["id"], row["key"], definition, active))
    return builds


def _read(workspace_id: int, model_id: int, stored: Mapping[str, object], catalogue: Catalogue) -> Definition | None:
    try:
        return definitions.read(stored, catalogue, stored=True)
    except Problems as problems:
        _unreadable.inc()
        log.error("score cannot be read", workspace=workspace_id, score=model_id, problem=str(problems))
        return None
