"""Pages of workflows, filtered, by name."""

from dataclasses import dataclass
from typing import NamedTuple

from models import clock, db
from models.contacts.selections import MAX_SEARCH
from models.db.tables.workflows import Workflow
from models.errors import at
from models.rules.parameters import Parameters
from models.values.texts import check_text
from models.workflows.states import WorkflowStatus
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class WorkflowFilter:
    """`search`: in the name; `segment_id`: workflows that use it, or whose draft names it.

    `with_failed`: somebody inside has failed.
    """

    search: str | None = None
    status: WorkflowStatus | None = None
    segment_id: int | None = None
    with_failed: bool = False


class Listed(NamedTuple):
    """`sort_key` is the name in lower case: only PostgreSQL folds case as PostgreSQL does."""

    workflow: Workflow
    sort_key: str


async def page(scope: Scope, wanted: WorkflowFilter, first: int, after: tuple[str, int] | None = None) -> list[Listed]:
    """Up to `first` + 1 workflows after this (sort key, id). Raises Invalid at `search`."""
    p = Parameters(scope.workspace_id, scope.timezone)
    follows = (
        "true"
        if after is None
        else f"(lower(w.name), w.id) > ({p.bind(after[0], 'text')}, {p.bind(after[1], 'bigint')})"
    )
    sql = f"""
        SELECT w.id, lower(w.name) AS sort_key FROM workflows w WHERE {_conditions(wanted, p)} AND {follows}
        ORDER BY lower(w.name), w.id LIMIT {p.bind(first + 1, "bigint")}
    """  # noqa: S608 - conditions of our own, values bound
    rows = await db.fetch(sql, *await p.values(clock.now()))
    found = await Workflow.filter(workspace_id=scope.workspace_id, id__in=[row["id"] for row in rows])
    by_id = {workflow.id: workflow for workflow in found}
    return [Listed(by_id[row["id"]], row["sort_key"]) for row in rows if row["id"] in by_id]


async def count(scope: Scope, wanted: WorkflowFilter) -> int:
    p = Parameters(scope.workspace_id, scope.timezone)
    sql = f"SELECT count(*) FROM workflows w WHERE {_conditions(wanted, p)}"  # noqa: S608 - values bound
    return int(await db.fetch_value(sql, *await p.values(clock.now())))


def _conditions(wanted: WorkflowFilter, p: Parameters) -> str:
    conditions = [f"w.workspace_id = {p.workspace}"]
    if wanted.search is not None and wanted.search.strip():
        with at("search"):
            text = check_text(wanted.search, MAX_SEARCH).strip()
        conditions.append(f"lower(w.name) LIKE {p.pattern('%', text, '%')}")
    if wanted.status is not None:
        conditions.append(f"w.status = {p.bind(wanted.status, 'text')}")
    if wanted.segment_id is not None:
        conditions.append(
            f"EXISTS (SELECT 1 FROM segment_uses u WHERE u.workspace_id = {p.workspace} AND u.kind = 'WORKFLOW'"  # noqa: S608
            f" AND u.used_by_id = w.id AND u.segment_id = {p.bind(wanted.segment_id, 'bigint')})"
        )
    if wanted.with_failed:
        # By an index of those who do not wait: it reads at most one enrollment of each workflow.
        conditions.append(
            f"EXISTS (SELECT 1 FROM enrollments e WHERE e.workspace_id = {p.workspace} AND e.workflow_id = w.id"  # noqa: S608
            f" AND e.state = 'FAILED' AND e.test_id IS NULL)"
        )
    return " AND ".join(conditions)
