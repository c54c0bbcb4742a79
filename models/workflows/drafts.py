"""Workflows as they are edited: created, saved, duplicated, and made anew from an old version.

A draft is JSON in the shape of WorkflowGraphInput with plain ids. It may have problems; it never runs.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models import clock, db
from models.accounts import audit_log
from models.db.tables.workflows import Workflow
from models.errors import Conflict, NotAllowedInState, NotFound, Path, at
from models.values.texts import check_name, check_object, check_text
from models.workflows import uses, versions
from models.workflows.graph.read import read_graph
from models.workflows.graph.tree import Graph
from models.workflows.graph.write import write_graph
from models.workflows.states import WorkflowStatus
from permissions.principal import PrincipalKind, Scope

__all__ = ["Workflow"]

MOST_BYTES: Final = 1_000_000
"""Of a graph as JSON."""

LONGEST_DESCRIPTION: Final = 2_000
"""Characters."""

EMPTY: Final[Mapping[str, Any]] = write_graph(Graph())


# ---------------------------------------------------------------- read


async def find(scope: Scope, workflow_id: int) -> Workflow | None:
    return await Workflow.get_or_none(workspace_id=scope.workspace_id, id=workflow_id)


async def get(scope: Scope, workflow_id: int, *, for_update: bool = False, path: Path = ("id",)) -> Workflow:
    """`for_update` locks the row until the transaction ends. Raises NotFound at `path` when there is none."""
    query = Workflow.filter(workspace_id=scope.workspace_id, id=workflow_id)
    workflow = await (query.select_for_update() if for_update else query).first()
    if workflow is None:
        raise NotFound("there is no such workflow", path)
    return workflow


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[Workflow]:
    return await Workflow.filter(workspace_id=scope.workspace_id, id__in=list(ids))


def graph_of(workflow: Workflow) -> Graph:
    """The graph that is being edited."""
    return read_graph(workflow.draft)


# ---------------------------------------------------------------- written


async def create(scope: Scope, name: str, description: str | None = None, graph_json: object = None) -> Workflow:
    """A DRAFT; without a graph, an empty one. Raises DomainError or Problems at `name`, `description` and below `graph`."""
    given = {"name": name, "description": description, "graph": EMPTY if graph_json is None else graph_json}
    async with db.transaction():
        workflow = await _insert(scope, _checked(given))
        await audit_log.record(scope, "workflow_create", "Workflow", workflow.id, {"name": workflow.name})
    return workflow


async def update(scope: Scope, workflow_id: int, given: Mapping[str, Any], version: int | None = None) -> Workflow:
    """Saves `name`, `description` and `graph`, of which only those given are changed. What runs is not touched.

    Raises NotFound at `id`, Conflict at `version`, NotAllowedInState, or what `create` raises.
    """
    async with db.transaction():
        workflow = await get(scope, workflow_id, for_update=True)
        _refuse_lost_update(workflow, version)
        if workflow.status == WorkflowStatus.ARCHIVED:
            raise NotAllowedInState("this workflow is ARCHIVED: duplicate it, and change the copy", ("id",))
        values = _checked(given)
        changed = [column for column, value in values.items() if not db.same_json(getattr(workflow, column), value)]
        if changed:
            await _save(scope, workflow, {column: values[column] for column in changed})
            await audit_log.record(scope, "workflow_update", "Workflow", workflow.id, {"fields": changed})
    return workflow


def _refuse_lost_update(workflow: Workflow, version: int | None) -> None:
    if version is not None and version != workflow.version:
        raise Conflict(
            f"the workflow is at version {workflow.version}, not {version}: somebody saved it since you read it; read it"
            " again and make your change to that",
            ("version",),
        )


async def duplicate(scope: Scope, workflow_id: int, name: str) -> Workflow:
    """A DRAFT with the same draft. Raises NotFound at `id`, Invalid at `name`."""
    async with db.transaction():
        source = await get(scope, workflow_id)
        values = _checked({"name": name}) | {"description": source.description, "draft": source.draft}
        workflow = await _insert(scope, values)
        await audit_log.record(scope, "workflow_duplicate", "Workflow", workflow.id, {"of": source.id})
    return workflow


async def restore_version(scope: Scope, workflow_id: int, number: int) -> Workflow:
    """An old version becomes the draft, by the present names of tags. Raises NotFound at `id` or `number`, NotAllowedInState."""
    version = await versions.find(scope, workflow_id, number)
    if version is None:
        await get(scope, workflow_id)
        raise NotFound("this workflow has no version of that number", ("number",))
    async with db.transaction():
        workflow = await get(scope, workflow_id, for_update=True)
        if workflow.status == WorkflowStatus.ARCHIVED:
            raise NotAllowedInState("this workflow is ARCHIVED: duplicate it, and restore into the copy", ("id",))
        graph = versions.running_json(version)
        if not db.same_json(workflow.draft, graph):
            await _save(scope, workflow, {"draft": graph})
        await audit_log.record(scope, "workflow_version_restore", "Workflow", workflow.id, {"number": number})
    return workflow


async def _insert(scope: Scope, values: Mapping[str, Any]) -> Workflow:
    by = scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None
    now = clock.now()
    workflow = await Workflow.create(
        workspace_id=scope.workspace_id, created_by=by, created_at=now, updated_at=now, **values
    )
    await uses.sync(scope, workflow)
    return workflow


async def _save(scope: Scope, workflow: Workflow, values: Mapping[str, Any]) -> None:
    workflow.update_from_dict({**values, "version": workflow.version + 1, "updated_at": clock.now()})
    await workflow.save(update_fields=[*values, "version", "updated_at"])
    await uses.sync(scope, workflow)


# ---------------------------------------------------------------- checked


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """The values by column."""
    values: dict[str, Any] = {}
    if "name" in given:
        with at("name"):
            values["name"] = check_name(given["name"])
    if "description" in given:
        with at("description"):
            text = given["description"]
            values["description"] = None if text is None else check_text(text, LONGEST_DESCRIPTION).strip() or None
    if "graph" in given:
        values["draft"] = write_graph(read_graph(given["graph"]))
        with at("graph"):
            values["draft"] = db.load_json(check_object(values["draft"], MOST_BYTES))
    return values
