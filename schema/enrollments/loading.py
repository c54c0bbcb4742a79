"""Loads what types of workflows refer to."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.contacts.find import contacts_by_ids
from models.workflows import drafts
from models.workflows.insight import users
from permissions.capabilities import Permission
from schema.server.context import Info
from schema.server.execution.rows import ids_of, read
from schema.server.guard import admit, scope_of


async def contacts_of(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    """The contact of each row; None for one that is deleted."""
    admit(info.context, Permission.CONTACT_READ)
    ids = {read(row, "contact_id") for row in rows}
    by_id = {row["id"]: row for row in await contacts_by_ids(scope_of(info), list(ids))}
    return [by_id.get(read(row, "contact_id")) for row in rows]


async def workflows_of(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    """The workflow of each row."""
    found = await drafts.by_ids(scope_of(info), list({read(row, "workflow_id") for row in rows}))
    by_id = {workflow.id: workflow for workflow in found}
    return [by_id.get(read(row, "workflow_id")) for row in rows]


async def workflows_of_templates(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    """The workflows that send each template."""
    return await _users(rows, info, await users.of_templates(scope_of(info), ids_of(rows)))


async def workflows_of_endpoints(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    """The workflows that post to each endpoint."""
    return await _users(rows, info, await users.of_endpoints(scope_of(info), ids_of(rows)))


async def _users(rows: Sequence[Any], info: Info, found: Mapping[int, Sequence[int]]) -> Sequence[Any]:
    admit(info.context, Permission.WORKFLOW_READ)
    wanted = {workflow_id for ids in found.values() for workflow_id in ids}
    by_id = {workflow.id: workflow for workflow in await drafts.by_ids(scope_of(info), list(wanted))}
    return [[by_id[workflow_id] for workflow_id in found[used] if workflow_id in by_id] for used in ids_of(rows)]
