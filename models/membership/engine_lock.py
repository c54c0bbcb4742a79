"""One engine per workspace at a time. Writers of contacts never wait for its lock."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from models import clock, db
from models.membership import rule_epochs
from models.membership.rule_epochs import RuleEpoch

TICK = timedelta(seconds=0.25)

LOOK_AHEAD = timedelta(seconds=10)
"""Without a crossing in this time, the next tick waits so long."""

PATIENCE = "5s"


@dataclass(frozen=True, slots=True)
class EngineLock:
    """Held by the ambient transaction. Members are made right for `now`.

    `ticked_at` (<= `now`): crossings up to it are processed; None: no active rule depends on time. `calm_until`: no crossing is
    expected before. `listens`: workflows run that want to know what changes. `has_audiences`: so do advertising audiences.
    `append_id`: for one append to the log of members.
    """

    workspace_id: int
    now: datetime
    epoch: RuleEpoch
    ticked_at: datetime | None
    calm_until: datetime | None
    listens: bool = False
    has_audiences: bool = False
    append_id: int = 0

    def is_due(self, rules_look_at_time: bool) -> bool:
        """Whether to tick now, or to record that ticks begin or end."""
        if self.ticked_at is None or not rules_look_at_time:
            return rules_look_at_time != (self.ticked_at is not None)
        return self.now - self.ticked_at >= TICK and not self.is_calm

    @property
    def is_calm(self) -> bool:
        return self.calm_until is not None and self.now <= self.calm_until


async def take(workspace_id: int) -> EngineLock:
    """As `wait`, and reads what its holder needs to know."""
    return await read(workspace_id, await wait(workspace_id))


async def wait(workspace_id: int) -> int:
    """Returns the id of the lock's append to the log of members. Raises LockNotAvailable after PATIENCE.

    Turns the capture of members off, because what its holder writes is logged. Forces generic plans: the statements are long to
    plan, and always look rows up by index.
    """
    settings = f"SET LOCAL lock_timeout = '{PATIENCE}'; SET LOCAL muster.members = 'logged'"
    await db.execute(f"{settings};{db.forced_plans(*_PLANS)}")
    append_id: int = await db.fetch_value(_TAKE, f"muster:engine:{workspace_id}")
    return append_id


async def read(workspace_id: int, append_id: int) -> EngineLock:
    """The lock that is held, with what was known when this was called. `append_id`: what `wait` returned."""
    row = await db.fetch_row(_STATE, workspace_id)
    if row is None:  # the workspace is deleted
        return EngineLock(workspace_id, clock.now(), RuleEpoch(0), None, None, append_id=append_id)
    now, ticked_at = clock.now(), row["ticked_at"]
    moment = now if ticked_at is None else max(now, ticked_at)
    return EngineLock(
        workspace_id,
        moment,
        rule_epochs.read(row),
        ticked_at,
        row["calm_until"],
        row["listens"],
        row["has_audiences"],
        append_id,
    )


async def wait_for_holder(workspace_id: int) -> None:
    """Returns when the transaction that holds the lock now has ended; at once when none does."""
    async with db.transaction():
        await db.advisory_lock(f"muster:engine:{workspace_id}")


_PLANS: Final = ("plan_cache_mode = 'force_generic_plan'", "enable_seqscan = off", "jit = off")

_TAKE = "SELECT nextval('membership_append_ids') FROM pg_advisory_xact_lock(hashtextextended($1, 0))"

# A statement of its own, so that its snapshot has what the last holder of the lock committed.
_STATE = f"""
SELECT {rule_epochs.EPOCH}, h.ticked_at, h.calm_until,
       EXISTS (SELECT 1 FROM workflow_sources AS s WHERE s.workspace_id = $1) AS listens,
       EXISTS (SELECT 1 FROM audiences AS a WHERE a.workspace_id = $1 AND a.deleted_at IS NULL) AS has_audiences
FROM workspaces AS w
LEFT JOIN membership_heads AS h ON h.workspace_id = $1
WHERE w.id = $1
"""  # noqa: S608 - columns of our own


async def record_tick(lock: EngineLock, *, ticks: bool, calm: bool = False) -> None:
    """Stores that crossings are processed. `ticks`: more will come; `calm`: none is expected soon."""
    await db.execute(
        """
        INSERT INTO membership_heads AS head (workspace_id, ticked_at, calm_until) VALUES ($1, $2, $3)
        ON CONFLICT (workspace_id) DO UPDATE SET ticked_at = $2, calm_until = $3
        """,
        lock.workspace_id,
        lock.now if ticks else None,
        lock.now + LOOK_AHEAD if ticks and calm else None,
    )


async def end_calm(lock: EngineLock) -> None:
    """After any change a threshold may be crossed sooner than expected."""
    if lock.calm_until is not None:
        await db.execute("UPDATE membership_heads SET calm_until = NULL WHERE workspace_id = $1", lock.workspace_id)


async def due_for_a_tick() -> list[int]:
    now = clock.now()
    rows = await db.fetch(
        "/* all workspaces */ SELECT workspace_id FROM membership_heads WHERE ticked_at IS NOT NULL"
        " AND coalesce(calm_until, ticked_at) <= $2"
        " AND ticked_at <= $1 AND (calm_until IS NULL OR calm_until < $2) ORDER BY ticked_at",
        now - TICK,
        now,
    )
    return [row["workspace_id"] for row in rows]
