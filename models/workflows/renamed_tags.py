"""Tags that are renamed, or that are to go, where workflows speak of them.

A published version is never changed. Where a tag in it has another name since, `runs_as` is what runs.
"""

from collections.abc import Mapping
from typing import Any, Final

from models import clock, db, running_workflows
from models.workflows import engine_lock, sources
from models.workflows.graph.read import read_graph
from models.workflows.graph.renamed_tags import graph_with_renamed_tags, tags_named
from permissions.principal import Scope

Json = dict[str, Any]


async def rename(scope: Scope, old: str, new: str) -> None:
    """In drafts and in what runs. Under the lock of the engine, and that of those who write tags."""
    changed = await _rename_in_drafts(scope, old, new) + await _rename_in_versions(scope, old, new)
    if changed:
        await _rename_in_words(scope, old, new)
        await engine_lock.record_change(scope.workspace_id)


async def _rename_in_drafts(scope: Scope, old: str, new: str) -> int:
    """Who edits a draft meanwhile is told so by its version."""
    changed = 0
    for row in await db.fetch(_DRAFTS, scope.workspace_id, old):
        renamed = await _renamed(db.load_json(row["graph"]), old, new)
        if renamed is not None:
            changed += await db.execute(_WRITE_DRAFT, scope.workspace_id, row["id"], db.dump_json(renamed), clock.now())
    return changed


async def _rename_in_versions(scope: Scope, old: str, new: str) -> int:
    changed = 0
    for row in await db.fetch(_VERSIONS, scope.workspace_id, old):
        renamed = await _renamed(db.load_json(row["graph"]), old, new)
        if renamed is not None:
            changed += await db.execute(
                _WRITE_VERSION, scope.workspace_id, row["workflow_id"], row["number"], db.dump_json(renamed)
            )
    return changed


async def _renamed(graph: Json, old: str, new: str) -> Json | None:
    names = await _spellings(graph, old)
    return graph_with_renamed_tags(graph, dict.fromkeys(names, new)) if names else None


async def _spellings(graph: Json, tag: str) -> list[str]:
    """The tag as the graph writes it, in any case."""
    keys = await sources.fold([tag, *tags_named(read_graph(graph))])
    return [name for name in tags_named(read_graph(graph)) if keys[name] == keys[tag]]


# Some that only look as if they spoke of the tag are read in vain.
_SPEAKS: Final = "strpos(lower(normalize({graph}::text)), lower(normalize(btrim(to_jsonb($2::text)::text, '\"')))) > 0"

_DRAFTS: Final = f"""
    SELECT id, draft AS graph FROM workflows
    WHERE workspace_id = $1 AND status <> 'ARCHIVED' AND {_SPEAKS.format(graph="draft")} ORDER BY id FOR NO KEY UPDATE
"""  # noqa: S608 - a condition of our own

_WRITE_DRAFT: Final = """
    UPDATE workflows SET draft = $3::jsonb, version = version + 1, updated_at = $4 WHERE workspace_id = $1 AND id = $2
"""

_VERSIONS: Final = f"""
    SELECT v.workflow_id, v.number, coalesce(v.runs_as, v.graph) AS graph FROM workflow_versions v
    WHERE v.workspace_id = $1 AND {_SPEAKS.format(graph="coalesce(v.runs_as, v.graph)")} ORDER BY v.workflow_id, v.number
"""  # noqa: S608 - a condition of our own

_WRITE_VERSION: Final = """
    UPDATE workflow_versions SET runs_as = $4::jsonb WHERE workspace_id = $1 AND workflow_id = $2 AND number = $3
"""


# ---------------------------------------------------------------- what is listened to


async def _rename_in_words(scope: Scope, old: str, new: str) -> None:
    """Also in what happened before the rename and is not heeded yet."""
    keys = await sources.fold([old, new])
    if keys[old] == keys[new]:
        return
    for sign in ("tag+:", "tag-:"):
        before, after = sign + keys[old], sign + keys[new]
        for statement in (_SOURCES, _SIGNALS, _MARKS):
            await db.execute(statement, scope.workspace_id, before, after)


_SOURCES: Final = """
    WITH gone AS (
        DELETE FROM workflow_sources WHERE workspace_id = $1 AND source = $2 RETURNING workflow_id, number, since, since_at)
    INSERT INTO workflow_sources AS known (workspace_id, source, workflow_id, number, since, since_at)
    SELECT $1, $3, workflow_id, number, since, since_at FROM gone
    ON CONFLICT (workspace_id, source, workflow_id, number) DO UPDATE
        SET since = least(known.since, excluded.since), since_at = least(known.since_at, excluded.since_at)
"""

_SIGNALS: Final = "UPDATE workflow_signals SET source = $3 WHERE workspace_id = $1 AND source = $2"

_MARKS: Final = """
    UPDATE dirty_contacts SET fields = array_replace(fields, $2::text, $3::text)
    WHERE workspace_id = $1 AND fields @> ARRAY[$2::text]
"""


# ---------------------------------------------------------------- in use


async def refuse_used(scope: Scope, tag: str) -> None:
    """Raises InUse at `tag`, with the names of running workflows that speak of it."""
    found: Mapping[str, list[Json]] = await running_workflows.speaking(scope, tag)
    names = [name for name, graphs in found.items() if any([await _spellings(graph, tag) for graph in graphs])]
    running_workflows.refuse("tag", names, ("tag",))
