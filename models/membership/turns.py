"""One engine per workspace at a time: whoever keeps its members right has the turn, to the end of the transaction.

Other workspaces go on beside. What a turn holds up is other engines of the same workspace alone: writers of contacts never
wait for it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models import clock, db

TICK = timedelta(seconds=0.5)
"""How long time may pass before it is taken in."""

PATIENCE = "5s"
"""How long an engine waits for a lock (the turn, a row that an operator holds) before it lets go and comes again."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The turn of a workspace: held by the ambient transaction.

    `now` is the moment for which members are made right, never before `ticked_at`, up to which time has been taken in (None:
    no rule in force looks at the time). `epoch` tells which rules are in force.
    """

    workspace_id: int
    now: datetime
    epoch: int
    ticked_at: datetime | None

    def due(self, rules_look_at_time: bool) -> bool:
        """Whether it is time for a tick, or for saying that there need be none, or some, from now on."""
        if self.ticked_at is None or not rules_look_at_time:
            return rules_look_at_time != (self.ticked_at is not None)
        return self.now - self.ticked_at >= TICK


def _key(workspace_id: int) -> str:
    return f"muster:turn:{workspace_id}"


async def take(workspace_id: int) -> Turn:
    """Wait for the workspace's turn and take it. Raises LockNotAvailable after PATIENCE.

    The transaction's statements are planned once and for all: they are long, and always look rows up by index.
    """
    await db.execute(
        f"SET LOCAL lock_timeout = '{PATIENCE}'; SET LOCAL plan_cache_mode = force_generic_plan;"
        " SET LOCAL enable_seqscan = off; SET LOCAL jit = off"
    )
    await db.advisory_lock(_key(workspace_id))
    row = await db.fetch_row(_STATE, workspace_id)
    assert row is not None
    now, ticked_at = clock.now(), row["ticked_at"]
    return Turn(workspace_id, now if ticked_at is None else max(now, ticked_at), row["epoch"] or 0, ticked_at)


_STATE = """
SELECT (SELECT epoch FROM rule_epochs WHERE workspace_id = $1) AS epoch,
       (SELECT ticked_at FROM membership_heads WHERE workspace_id = $1) AS ticked_at
"""


async def ticked(turn: Turn, ticks: bool) -> None:
    """Write down that time has been taken in up to the turn's moment, and whether it need be from now on."""
    await db.execute(
        """
        INSERT INTO membership_heads AS head (workspace_id, ticked_at) VALUES ($1, $2)
        ON CONFLICT (workspace_id) DO UPDATE SET ticked_at = $2
        """,
        turn.workspace_id,
        turn.now if ticks else None,
    )


async def late_for_a_tick(after: timedelta) -> list[int]:
    """The workspaces whose rules look at the time, and that have not taken it in for `after`."""
    rows = await db.fetch(
        "SELECT workspace_id FROM membership_heads WHERE ticked_at < $1 ORDER BY ticked_at",
        clock.now() - after,
    )
    return [row["workspace_id"] for row in rows]
