"""Reads the audit log, the newest entries first."""

import re
from dataclasses import dataclass
from datetime import datetime

from models import db
from models.db import Record
from permissions.principal import PrincipalKind, Scope


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries to read; None means any. `action` is in snake case, `to_at` is the first moment after the period."""

    actor: tuple[PrincipalKind, int] | None = None
    subject: tuple[str, int] | None = None
    action: str | None = None
    from_at: datetime | None = None
    to_at: datetime | None = None


_COLUMNS = "id, at, actor_kind, actor_id, action, target_kind, target_id, details, request_id, address"


async def page(
    scope: Scope, wanted: AuditFilter, limit: int, after: tuple[datetime, int] | None = None
) -> list[Record]:
    """Returns up to `limit` entries, those before `after` (at, id)."""
    conditions, values = _conditions(wanted)
    if after is not None:
        conditions.append(f"(at, id) < (${len(values) + 2}, ${len(values) + 3})")
        values += after
    where = " AND ".join(["workspace_id = $1", *conditions])
    query = f"SELECT {_COLUMNS} FROM audit_log WHERE {where} ORDER BY at DESC, id DESC LIMIT {int(limit)}"  # noqa: S608
    return await db.fetch(query, scope.workspace_id, *values)


def _conditions(wanted: AuditFilter) -> tuple[list[str], list[object]]:
    """Returns conditions with parameters from $2 on, and the values."""
    given: list[tuple[str, object]] = []
    if wanted.actor is not None:
        given += [("actor_kind = $", wanted.actor[0].value), ("actor_id = $", wanted.actor[1])]
    if wanted.subject is not None:
        given += [("target_kind = $", wanted.subject[0]), ("target_id = $", wanted.subject[1])]
    if wanted.action is not None:
        given.append(("action = $", wanted.action))
    if wanted.from_at is not None:
        given.append(("at >= $", wanted.from_at))
    if wanted.to_at is not None:
        given.append(("at < $", wanted.to_at))
    return [f"{text}{number}" for number, (text, _) in enumerate(given, 2)], [value for _, value in given]


async def by_ids(scope: Scope, ids: list[int]) -> list[Record]:
    query = f"SELECT {_COLUMNS} FROM audit_log WHERE workspace_id = $1 AND id = ANY ($2)"  # noqa: S608
    return await db.fetch(query, scope.workspace_id, ids)


def outside_action(action: str) -> str:
    """Returns the action as the API names it: SegmentUpdate for `segment_update`."""
    return "".join(word.capitalize() for word in action.split("_"))


def stored_action(action: str) -> str:
    """Returns the action as it is stored: `segment_update` for SegmentUpdate or segmentUpdate."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", action).lower()
