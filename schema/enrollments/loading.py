"""Loads what types of workflows refer to."""

from collections.abc import Sequence
from typing import Any

from models.contacts.find import contacts_by_ids
from models.workflows import drafts
from permissions.capabilities import Permission
from schema.server.context import Info
from schema.server.execution.rows import read
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
