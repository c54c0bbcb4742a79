"""Tags that are renamed, or that are to go, where the rules of scores name them."""

from collections.abc import Mapping
from typing import Any, Final

from models import clock, db
from models.errors import InUse
from models.queue import work
from models.queue.enqueue import enqueue
from models.rules.renamed_tags import with_renamed_tags
from models.scores import epochs
from permissions.principal import Scope

DEFINITIONS: Final = ("definition", "active_definition", "next_definition")
"""The newest, the one that counts, and the one that is being built."""


async def rename(scope: Scope, old: str, new: str, *, merges: bool) -> None:
    """In every definition, under the locks of the engine and of those who write tags. Who edits a score is told by its version.

    No score moves, because the contacts' tags change in the same transaction. When it `merges` two tags, those who had only the
    other one earn points too: the scores are built again.
    """
    rows = await db.fetch(_NAMING, scope.workspace_id, old)
    for row in rows:
        await _write(scope, row, dict.fromkeys(row["spellings"], new))
        if merges:
            await _build_again(scope, row["id"], row["next_build"])
    if rows:
        await epochs.grow(scope.workspace_id)


async def _write(scope: Scope, row: db.Record, names: Mapping[str, str]) -> None:
    before = [None if row[name] is None else db.load_json(row[name]) for name in DEFINITIONS]
    after = [None if found is None else _renamed(found, names) for found in before]
    grown = int(before[0] != after[0])
    written = [None if found is None else db.dump_json(found) for found in after]
    await db.execute(_WRITE, scope.workspace_id, row["id"], *written, grown, clock.now())


def _renamed(definition: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    groups = [
        group | {"parts": [part | {"earn": _earned(part["earn"], names)} for part in group["parts"]]}
        for group in definition["groups"]
    ]
    return {**definition, "groups": groups}


def _earned(earn: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    rule = earn.get("while")
    return dict(earn) if rule is None else {**earn, "while": with_renamed_tags(rule, names)}


async def _build_again(scope: Scope, model_id: int, given_up: int | None) -> None:
    """A build that is under way is given up: what it computed with two tags is wrong with one."""
    if given_up is not None:
        await db.execute(_GIVE_UP, scope.workspace_id, given_up)
    await db.execute(_BUILD, scope.workspace_id, model_id)
    await enqueue(work.BUILD_SCORE, scope.workspace_id, model_id)


_TAGS: Final = """
    jsonb_path_query(jsonb_build_array(m.definition, m.active_definition, m.next_definition),
                     'lax $[*].groups[*].parts[*].earn.while.**.tags.tags[*]') AS named (tag)
    WHERE lower(normalize(named.tag #>> '{}')) = lower($2)
"""

_NAMING: Final = f"""
    SELECT m.id, m.name, m.next_build, {", ".join(f"m.{name}" for name in DEFINITIONS)},
           ARRAY(SELECT DISTINCT named.tag #>> '{{}}' FROM {_TAGS}) AS spellings
    FROM score_models AS m
    WHERE m.workspace_id = $1 AND EXISTS (SELECT 1 FROM {_TAGS}) ORDER BY m.id FOR NO KEY UPDATE
"""  # noqa: S608 - a path of our own

_WRITE: Final = """
    UPDATE score_models SET definition = $3::jsonb, active_definition = $4::jsonb, next_definition = $5::jsonb,
        version = version + $6::integer, updated_at = $7
    WHERE workspace_id = $1 AND id = $2
"""

_GIVE_UP: Final = """
    INSERT INTO score_old_builds (workspace_id, build_id) VALUES ($1, $2) ON CONFLICT (workspace_id, build_id) DO NOTHING
"""

_BUILD: Final = """
    UPDATE score_models SET status = 'BUILDING', build_started_at = NULL, next_build = NULL, next_definition = NULL
    WHERE workspace_id = $1 AND id = $2
"""


async def refuse_used(scope: Scope, tag: str) -> None:
    """Raises InUse at `tag`, with the names of scores whose rules name it."""
    rows = await db.fetch(_NAMING, scope.workspace_id, tag)
    if rows:
        listed = ", ".join(repr(row["name"]) for row in rows[:10]) + (" and more" if len(rows) > 10 else "")
        raise InUse(f"the rules of these scores name this tag: {listed}. Change them first", ("tag",))
