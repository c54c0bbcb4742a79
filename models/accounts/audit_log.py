"""Writes the audit log: a row for each mutation and command that changed something, and for what tasks decide by themselves."""

from collections.abc import Mapping
from typing import Any

from models import clock, db
from permissions.principal import SYSTEM, Scope

_RECORD = """
    INSERT INTO audit_log (workspace_id, at, actor_kind, actor_id, action, target_kind, target_id, details, request_id, address)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""


async def record(
    scope: Scope,
    action: str,
    target_kind: str | None = None,
    target_id: int | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Record an action (the name of a mutation or command in snake case) in the transaction of the change.

    `target_kind` is a GraphQL type. `details` has names of fields, counts and ids: never a secret or a person's values.
    """
    actor = scope.principal
    await db.execute(
        _RECORD,
        scope.workspace_id,
        clock.now(),
        actor.kind.value,
        actor.id,
        action,
        target_kind,
        target_id,
        db.dump_json(dict(details or {})),
        scope.request_id,
        scope.address,
    )


async def record_system(
    workspace_id: int, action: str, target_kind: str, target_id: int, details: Mapping[str, Any] | None = None
) -> None:
    """Records what a task decided by itself, in the transaction of the change."""
    await record(Scope(workspace_id, SYSTEM), action, target_kind, target_id, details)
