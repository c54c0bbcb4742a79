"""Enrollments as the API shows them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any

import strawberry

from models.contacts.selections import MAX_SEARCH
from models.db import Record
from models.errors import Invalid, at
from models.values.texts import check_text
from models.workflows.insight import enrollments, version_paths
from models.workflows.insight.enrollments import Wanted
from models.workflows.insight.explanations import explanations_of
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.enrollments.enums import EnrollmentEnd, EnrollmentState
from schema.enrollments.loading import contacts_of, workflows_of
from schema.enrollments.step_types import WorkflowStepConnection, steps_of
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.lookahead import selected
from schema.server.execution.rows import derived, global_id, ids_of
from schema.server.guard import admit, scope_of
from schema.server.ids import get_id
from schema.server.types.connection import Page, PageInfo, counted, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, read_for_each
from schema.server.types.nodes import Node, node


async def _numbers_of(rows: Sequence[Any], info: Info) -> Sequence[int]:
    return await version_paths.numbers_of(scope_of(info), rows)


async def _explanations_of(rows: Sequence[Any], info: Info) -> Sequence[str]:
    return await explanations_of(scope_of(info), rows)


@strawberry.type(
    description="One contact's way through one workflow, once. `contact` is null once it is deleted; the counts stay."
)
class Enrollment(Node):
    id: strawberry.ID = global_id("Enrollment")
    workflow: Annotated["Workflow", strawberry.lazy("schema.workflows.types")] = batched(workflows_of)  # type: ignore[name-defined] # noqa: F821
    contact: Annotated["Contact", strawberry.lazy("schema.contacts.types")] | None = batched(contacts_of)  # type: ignore[name-defined] # noqa: F821
    version_number: int = batched(_numbers_of)
    state: EnrollmentState
    node_key: str | None
    node_since: datetime | None = derived(lambda row: row["node_at"])
    wakes_at: datetime | None = derived(lambda row: row["wake_at"])
    trigger: str
    test: bool = derived(lambda row: row["test_id"] is not None)
    explanation: str = batched(
        _explanations_of, description="Why it is here and what would move it on, in plain words."
    )
    error: str | None = derived(lambda row: row["reason"] if _has_failed(row) else None)
    entered_at: datetime
    ended_at: datetime | None
    end: EnrollmentEnd | None
    steps: WorkflowStepConnection = batched(steps_of)


def _has_failed(row: Record) -> bool:
    return bool(row["state"] == EnrollmentState.FAILED or row["end"] == EnrollmentEnd.FAILED)


@node("Enrollment", Permission.WORKFLOW_READ)
async def _enrollments(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await enrollments.by_ids(scope, ids)


@strawberry.type
class EnrollmentEdge:
    cursor: str
    node: Enrollment


@strawberry.type(description="A page of enrollments, the newest first.")
class EnrollmentConnection:
    edges: list[EnrollmentEdge]
    nodes: list[Enrollment]
    page_info: PageInfo
    total_count: int = counted()


# ---------------------------------------------------------------- of workflows and of contacts


async def enrollments_of(
    rows: Sequence[Any],
    info: Info,
    first: int | None = 50,
    after: str | None = None,
    state: EnrollmentState | None = None,
    node_key: str | None = None,
    version_number: int | None = None,
    contact_id: strawberry.ID | None = None,
) -> Sequence[Page | Invalid]:
    """Loads Workflow.enrollments."""
    scope, size = scope_of(info), page_size(first)
    contact = None if contact_id is None else get_id("Contact", contact_id, ("contactId",))
    if node_key is not None:
        with at("nodeKey"):
            node_key = check_text(node_key, MAX_SEARCH)
    wanted = Wanted(None if state is None else state.value, node_key, version_number, contact)
    lists = [Cursors(scope, "Workflow.enrollments", workflow_id, wanted) for workflow_id in ids_of(rows)]
    key, problems = read_for_each(lists, after, a_number)
    before = None if key is None else key[0]
    pages = []
    for workflow_id, cursors, problem in zip(ids_of(rows), lists, problems, strict=True):
        found = await enrollments.page(scope, workflow_id, wanted, size + 1, before)
        count = partial(enrollments.count, scope, workflow_id, wanted)
        pages.append(problem or page_of(found, first, after, _writer(cursors), count))
    return pages


async def enrollments_of_contacts(
    rows: Sequence[Any], info: Info, first: int | None = 50, after: str | None = None, inside: bool | None = None
) -> Sequence[Page | Invalid]:
    """Loads Contact.enrollments."""
    admit(info.context, Permission.WORKFLOW_READ)
    scope, ids = scope_of(info), ids_of(rows)
    lists = [Cursors(scope, "Contact.enrollments", contact_id, inside) for contact_id in ids]
    key, problems = read_for_each(lists, after, a_number)
    before = None if key is None else key[0]
    found = await enrollments.of_contacts(scope, ids, inside, page_size(first) + 1, before)
    counts = await enrollments.counts_of_contacts(scope, ids, inside) if "total_count" in selected(info) else {}

    async def count(contact_id: int) -> int:
        return counts.get(contact_id, 0)

    return [
        problem or page_of(found[contact], first, after, _writer(cursors), partial(count, contact))
        for contact, cursors, problem in zip(ids, lists, problems, strict=True)
    ]


def _writer(cursors: Cursors) -> Callable[[Any], str]:
    return lambda row: cursors.write(row["id"])
