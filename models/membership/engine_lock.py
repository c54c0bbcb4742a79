"""One engine per workspace at a time: whoever keeps its members right has the turn, to the end of the transaction.

Other workspaces go on beside. What a turn holds up is other engines of the same workspace alone: writers of contacts never
wait for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models import clock, db

TICK = timedelta(seconds=0.25)
"""How long time may pass before it is taken in, where somebody is about to cross a line."""

LOOK_AHEAD = timedelta(seconds=10)
"""How far a tick looks ahead: when nobody crosses a line until then, nothing need be done until then."""

PATIENCE = "5s"
"""How long an engine waits for a lock (the turn, a row that an operator holds) before it lets go and comes again."""


@dataclass(frozen=True, slots=True)
class EngineLock:
    """The turn of a workspace: held by the ambient transaction.

    `now` is the moment for which members are made right. It is never before `ticked_at`, up to which time has been taken in
    (None: no active rule looks at it). Until `calm_until` time changes nothing by itself. `epoch` says which rules hold.
    """

    workspace_id: int
    now: datetime
    epoch: int
    ticked_at: datetime | None
    calm_until: datetime | None

    def is_due(self, rules_look_at_time: bool) -> bool:
        """Whether it is time for a tick, or for saying that there need be none, or some, from now on."""
        if self.ticked_at is None or not rules_look_at_time:
            return rules_look_at_time != (self.ticked_at is not None)
        return self.now - self.ticked_at >= TICK and not self.is_calm

    @property
    def is_calm(self) -> bool:
        """Whether nobody crosses a line now, as far as the last tick could see."""
        return self.calm_until is not None and self.now <= self.calm_until


async def take(workspace_id: int) -> EngineLock:
    """Wait for the workspace's turn and take it. Raises LockNotAvailable after PATIENCE.

    The transaction's statements are planned once and for all: they are long, and always look rows up by index.
    """
    await db.execute(_TAKE, PATIENCE, f"muster:turn:{workspace_id}")
    row = await db.fetch_row(_STATE, workspace_id)
    assert row is not None
    now, ticked_at = clock.now(), row["ticked_at"]
    moment = now if ticked_at is None else max(now, ticked_at)
    return EngineLock(workspace_id, moment, row["epoch"] or 0, ticked_at, row["calm_until"])


_TAKE = """
SELECT set_config('lock_timeout', $1, true), set_config('plan_cache_mode', 'force_generic_plan', true),
       set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),
       pg_advisory_xact_lock(hashtextextended($2, 0))
"""

# A statement of its own: what it sees is what the holder of the turn before us has committed.
_STATE = """
SELECT e.epoch, h.ticked_at, h.calm_until FROM (SELECT 1) AS one
LEFT JOIN rule_epochs AS e ON e.workspace_id = $1
LEFT JOIN membership_heads AS h ON h.workspace_id = $1
"""


async def ticked(lock: EngineLock, *, ticks: bool, calm: bool = False) -> None:
    """Write down that time has been taken in up to the turn's moment, whether it need be from now on, and whether it is calm."""
    await db.execute(
        """
        INSERT INTO membership_heads AS head (workspace_id, ticked_at, calm_until) VALUES ($1, $2, $3)
        ON CONFLICT (workspace_id) DO UPDATE SET ticked_at = $2, calm_until = $3
        """,
        lock.workspace_id,
        lock.now if ticks else None,
        lock.now + LOOK_AHEAD if ticks and calm else None,
    )


async def stirred(lock: EngineLock) -> None:
    """Something was written, or a rule is new: somebody may cross a line sooner than was seen."""
    if lock.calm_until is not None:
        await db.execute("UPDATE membership_heads SET calm_until = NULL WHERE workspace_id = $1", lock.workspace_id)


async def due_for_a_tick() -> list[int]:
    """The workspaces in which time is to be taken in."""
    now = clock.now()
    rows = await db.fetch(
        "SELECT workspace_id FROM membership_heads"
        " WHERE ticked_at <= $1 AND (calm_until IS NULL OR calm_until < $2) ORDER BY ticked_at",
        now - TICK,
        now,
    )
    return [row["workspace_id"] for row in rows]
