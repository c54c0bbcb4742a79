"""Changes of a workspace's own settings."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from models import db
from models.accounts import audit_log, message_cap
from models.db.tables import Workspace
from models.errors import DomainError, Problems
from models.queue import work
from models.queue.enqueue import enqueue
from models.values.phones import check_country
from models.values.texts import check_name
from models.values.timezones import check_timezone
from permissions.principal import Scope


def _check_country_or_none(value: object) -> str | None:
    return None if value is None else check_country(value)


def _check_cap(value: tuple[object, object] | None) -> tuple[int | None, str | None]:
    return (None, None) if value is None else message_cap.check(*value)


_CHECKS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "name": check_name,
    "timezone": check_timezone,
    "default_country": _check_country_or_none,
    "message_cap": _check_cap,
}

_PATHS: Final = {
    "name": "name",
    "timezone": "timezone",
    "default_country": "defaultCountry",
    "message_cap": "messageCap",
}


async def update(scope: Scope, given: Mapping[str, Any]) -> Workspace:
    """Changes `name`, `timezone` (an IANA name), `default_country` (None: no country) or `message_cap` (None: no cap).

    A cap is a count and a window, an ISO 8601 duration. A new zone rebuilds all dynamic segments. Raises Problems at `name`,
    `timezone`, `defaultCountry` and under `messageCap`.
    """
    checked = _checked(given)
    async with db.transaction():
        if "timezone" in checked:
            await db.fetch(_LOCK_DYNAMIC, scope.workspace_id)
        workspace = await Workspace.select_for_update(no_key=True).get(id=scope.workspace_id)
        changed = [name for name, value in checked.items() if getattr(workspace, name) != value]
        if not changed:
            return workspace
        workspace.update_from_dict({name: checked[name] for name in changed})
        await Workspace.filter(id=scope.workspace_id).update(**{name: checked[name] for name in changed})
        await audit_log.record(scope, "workspace_update", "Workspace", scope.workspace_id, _details(workspace, changed))
        if "timezone" in changed:
            await _rebuild(scope)
            await enqueue(work.PROCESS_WORKFLOWS, scope.workspace_id)  # local times come at other moments
    return workspace


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    problems: list[DomainError] = []
    for name, value in given.items():
        try:
            checked[name] = _CHECKS[name](value)
        except DomainError as error:
            problems.append(error.under(_PATHS[name]))
        except Problems as several:
            problems.extend(several.under(_PATHS[name]).errors)
    if problems:
        raise Problems(problems)
    if "message_cap" in checked:
        checked["message_cap_count"], checked["message_cap_window"] = checked.pop("message_cap")
    return checked


def _details(workspace: Workspace, changed: list[str]) -> dict[str, Any]:
    return {"fields": changed} | {name: getattr(workspace, name) for name in changed}


# In the order of ids, before a trigger of `workspaces` marks all of them: no deadlocks.
_LOCK_DYNAMIC = """
    SELECT 1 FROM segments
    WHERE workspace_id = $1 AND kind <> 'STATIC' AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE
"""

_BUILDING = """
    SELECT id FROM segments
    WHERE workspace_id = $1 AND status = 'BUILDING' AND kind <> 'STATIC' AND deleted_at IS NULL ORDER BY id
"""


async def _rebuild(scope: Scope) -> None:
    for row in await db.fetch(_BUILDING, scope.workspace_id):
        await enqueue(work.REBUILD, scope.workspace_id, row["id"])
