"""Workspaces: each is one tenant, with its own data."""

from collections.abc import Sequence

from models import db
from models.db import Record
from models.db.tables import Workspace
from models.values.phones import check_country
from models.values.texts import check_name
from models.values.timezones import check_timezone
from permissions.principal import SYSTEM, Scope


async def create(name: str, *, timezone: str = "UTC", default_country: str | None = None) -> Scope:
    """Returns the system scope.

    `timezone` is an IANA name; `default_country` (ISO 3166-1 alpha-2) is for phone numbers without a country.
    """
    workspace = await Workspace.create(
        name=check_name(name),
        timezone=check_timezone(timezone),
        default_country=None if default_country is None else check_country(default_country),
    )
    return Scope(workspace.id, SYSTEM, timezone=workspace.timezone, default_country=workspace.default_country)


async def find_system_scope(workspace_id: int) -> Scope | None:
    """The scope of workers. None: no such workspace, or it is being deleted."""
    workspace = await Workspace.get_or_none(id=workspace_id, deleted_at=None)
    if workspace is None:
        return None
    return Scope(workspace.id, SYSTEM, timezone=workspace.timezone, default_country=workspace.default_country)


async def get(scope: Scope) -> Workspace:
    return await Workspace.get(id=scope.workspace_id)


async def count_contacts(scope: Scope) -> int:
    """Counts every row: it is exact, and slow for many contacts."""
    count: int = await db.fetch_value("SELECT count(*) FROM contacts WHERE workspace_id = $1", scope.workspace_id)
    return count


_FRESHNESS = """
    SELECT count(DISTINCT contact_id) AS pending_contacts,
           coalesce(greatest(extract(epoch FROM clock_timestamp() - min(marked_at)), 0), 0)::float8 AS lag_seconds
    FROM dirty_contacts WHERE workspace_id = $1
"""


async def freshness(scope: Scope) -> Record:
    """`pending_contacts` with unprocessed changes, the oldest `lag_seconds` ago."""
    row = await db.fetch_row(_FRESHNESS, scope.workspace_id)
    assert row is not None
    return row


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[Workspace]:
    return [await get(scope)] if scope.workspace_id in ids else []
