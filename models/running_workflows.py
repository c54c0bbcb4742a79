"""Which running workflows name something, for those who refuse to delete it."""

from collections.abc import Sequence
from typing import Any, Final

from models import db
from models.errors import InUse, Path
from permissions.principal import Scope

_RUNS: Final = """
    FROM workflows w JOIN workflow_versions v ON v.workspace_id = $1 AND v.workflow_id = w.id
    WHERE w.workspace_id = $1 AND (w.status IN ('ACTIVE', 'PAUSED', 'DRAINING') OR w.activates_at IS NOT NULL)
      AND (v.number = w.published_number OR EXISTS (
          SELECT 1 FROM workflow_sources s WHERE s.workspace_id = $1 AND s.workflow_id = w.id AND s.number = v.number))
"""
"""The versions by which somebody goes, or will when the workflow is activated."""


async def refuse_when_named(scope: Scope, path: str, what: str, **variables: Any) -> None:
    """Raises InUse at `id`, with the names of workflows that run, when `path` (SQL/JSON) finds something in their graphs.

    `what`: "field", for the message. Versions whose enrollments have all moved on do not count.
    """
    rows = await db.fetch(_NAMING, scope.workspace_id, path, db.dump_json(variables))
    refuse(what, [row["name"] for row in rows], ("id",))


_NAMING: Final = f"""
    SELECT DISTINCT w.name {_RUNS} AND jsonb_path_exists(coalesce(v.runs_as, v.graph), $2::jsonpath, $3::jsonb) ORDER BY w.name
"""


async def refuse_choices(scope: Scope, field_key: str, leaving: Sequence[str]) -> None:
    """Raises InUse at `choices` when a workflow that runs compares the custom field with one of these, or sets it so."""
    variables = db.dump_json({"field": f"attributes.{field_key}"})
    rows = await db.fetch(_CHOOSING, scope.workspace_id, variables, list(leaving))
    refuse("choice", [row["name"] for row in rows], ("choices",))


_CHOOSING: Final = f"""
    SELECT DISTINCT w.name {_RUNS} AND EXISTS (
        SELECT FROM jsonb_path_query(coalesce(v.runs_as, v.graph), '$.**.* ? (@.field == $field).value[*]', $2) AS named (choice)
        WHERE lower(normalize(named.choice #>> '{{}}')) = ANY (muster_fold($3::text[])))
    ORDER BY w.name
"""  # noqa: S608 - a condition of our own


async def speaking(scope: Scope, text: str) -> dict[str, list[Any]]:
    """By the names of workflows that run, the graphs (JSON) in which this text stands somewhere, in any case."""
    found: dict[str, list[Any]] = {}
    for row in await db.fetch(_SPEAKING, scope.workspace_id, text):
        found.setdefault(row["name"], []).append(db.load_json(row["graph"]))
    return found


_SPEAKING: Final = f"""
    SELECT w.name, coalesce(v.runs_as, v.graph) AS graph {_RUNS}
      AND strpos(lower(normalize(coalesce(v.runs_as, v.graph)::text)), lower(normalize(btrim(to_jsonb($2::text)::text, '"')))) > 0
    ORDER BY w.name, v.number
"""


def refuse(what: str, names: Sequence[str], path: Path) -> None:
    """Raises InUse at `path` when there are names."""
    if names:
        listed = ", ".join(map(repr, names[:10])) + (" and more" if len(names) > 10 else "")
        raise InUse(f"these workflows use this {what}: {listed}. Publish them without it first", path)
