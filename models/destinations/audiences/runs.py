"""The right of one worker to work on an audience for a while. Every write of its work asks for it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from models import clock, db
from models.db.tables.audiences import Audience
from models.destinations.audiences.audiences import AudienceMode, AudienceStatus
from models.destinations.audiences.keys import AudienceKey, Rows
from models.destinations.audiences.ledger import State
from models.queue import leases
from models.queue.leases import Lease, LeasedTable, LeaseLost
from permissions.principal import SYSTEM, Scope

LEASES: Final = LeasedTable("audiences", seconds=8)
"""After a killed worker another one goes on within seconds."""


@dataclass(slots=True)
class Run:
    """An audience that this worker holds, as it was when the worker took it. `has_more`: it stopped before all was done."""

    audience: Audience
    lease: Lease
    rows: Rows
    has_more: bool = False

    @property
    def workspace_id(self) -> int:
        return int(self.audience.workspace_id)

    @property
    def audience_id(self) -> int:
        return int(self.audience.id)

    @property
    def mode(self) -> AudienceMode:
        return AudienceMode(self.audience.mode)

    @property
    def is_running(self) -> bool:
        """Neither paused nor blocked."""
        return self.audience.status in (AudienceStatus.SYNCING, AudienceStatus.IN_SYNC)

    @property
    def may_remove(self) -> bool:
        """People who opted out are taken out of a paused audience as well."""
        return self.audience.status != AudienceStatus.BLOCKED and self.audience.external_id is not None

    @property
    def scope(self) -> Scope:
        return Scope(self.workspace_id, SYSTEM)


async def take(workspace_id: int, audience_id: int) -> Run | None:
    """None while another worker holds it, or when there is no such audience."""
    lease = await leases.take(LEASES, workspace_id, audience_id)
    if lease is None:
        return None
    audience = await Audience.get_or_none(workspace_id=workspace_id, id=audience_id)
    if audience is None or audience.lease_token != lease.token:
        return None
    return Run(audience, lease, Rows([AudienceKey(key) for key in audience.keys]))


async def renew(run: Run) -> None:
    """Raises LeaseLost when another worker holds the audience."""
    await leases.renew(run.lease)


async def release(run: Run) -> None:
    await leases.release(run.lease)


async def write(run: Run, changes: Mapping[str, Any], more: Mapping[State, int] | None = None) -> None:
    """In the ambient transaction, changes columns, and the counts of states by so many. Columns are names of the code.

    Raises LeaseLost when the worker no longer holds the audience, or a person changed it: the transaction must not commit.
    """
    counts = {state: delta for state, delta in Counter(more or {}).items() if delta}
    names = [*changes, *(state.value.lower() for state in counts)]
    if not names:
        return
    values = enumerate(names, 5)
    sets = ", ".join(
        f"{name} = ${place}" if name in changes else f"{name} = {name} + ${place}" for place, name in values
    )
    row = await db.fetch_row(
        f"""
        UPDATE audiences SET {sets}
        WHERE workspace_id = $1 AND id = $2 AND lease_token = $3 AND settings_version = $4 RETURNING {", ".join(names)}
        """,  # noqa: S608 - columns are names of the code
        run.workspace_id,
        run.audience_id,
        run.lease.token,
        run.audience.settings_version,
        *changes.values(),
        *counts.values(),
    )
    if row is None:
        raise LeaseLost(f"audience {run.audience_id} is not ours any more, or a person changed it")
    run.audience.update_from_dict(dict(row))


async def due(limit: int) -> list[tuple[int, int]]:
    """Audiences that have something to do now, as (workspace id, audience id). Reads all workspaces."""
    rows = await db.fetch(_DUE, clock.now(), limit)
    return [(row["workspace_id"], row["id"]) for row in rows]


# There are no marks at all while nobody has anything to read: then no audience is looked at.
_DUE: Final = """
    /* all workspaces */
    (SELECT workspace_id, id FROM audiences
     WHERE next_run_at <= $1 AND (leased_until IS NULL OR leased_until <= $1) ORDER BY next_run_at LIMIT $2)
    UNION
    (SELECT a.workspace_id, a.id FROM audiences AS a
     WHERE EXISTS (SELECT 1 FROM audience_marks) AND a.deleted_at IS NULL
       AND EXISTS (SELECT 1 FROM audience_marks AS m WHERE m.workspace_id = a.workspace_id AND m.id > a.marks_read) LIMIT $2)
"""


def later(seconds: float) -> datetime:
    return clock.now() + timedelta(seconds=seconds)


async def must_wait(run: Run, account_waits_until: datetime | None) -> bool:
    """Whether nothing may be called now; then the audience is looked at when it may."""
    until = max(filter(None, (run.audience.waits_until, account_waits_until)), default=None)
    if until is None or until <= clock.now():
        return False
    await write(run, {"next_run_at": until})
    return True
