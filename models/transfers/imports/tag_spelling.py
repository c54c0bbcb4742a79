"""Tags keep the workspace's first spelling."""

from collections.abc import Mapping
from typing import Final

from models import db
from models.contacts import tags
from models.transfers.imports.values import ReadPlan, RowChunk
from permissions.principal import Scope

_KNOWN_TAGS: Final = (
    "SELECT given, tags.name FROM unnest($2::text[]) AS given JOIN tags ON workspace_id = $1 AND key = lower(given)"
)


async def spell_tags(scope: Scope, plan: ReadPlan, chunk: RowChunk) -> tuple[str, ...]:
    """Spell the tags of a chunk. Gives `add_tags` in that spelling, too."""
    column = chunk.values.get("tags", [])
    sets = {names for names in column if names}
    wanted = sorted({name for names in sets for name in names} | set(plan.options.add_tags))
    if plan.options.dry_run:
        rows = await db.fetch(_KNOWN_TAGS, scope.workspace_id, wanted)
        spelling: Mapping[str, str] = {name: name for name in wanted} | {row["given"]: row["name"] for row in rows}
    else:
        spelling = await tags.spell(scope, wanted)
    spelled = {names: tuple(dict.fromkeys(spelling[name] for name in names)) for names in sets}
    if column:
        chunk.values["tags"] = [spelled[names] if names else None for names in column]
    return tuple(dict.fromkeys(spelling[name] for name in plan.options.add_tags))
