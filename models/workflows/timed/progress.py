"""How far the dates and schedules that let in have come: a row for each of their triggers."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from models import db
from models.values.instants import read_instant, write_instant
from models.workflows.graph.events import DateReached, Scheduled
from models.workflows.graph.tree import Trigger
from models.workflows.plan import Plan
from models.workflows.run import Run
from models.workflows.timing.zone_changes import Stay

AT_ONCE: Final = 5_000
"""Contacts that one trigger lets in within a batch."""


@dataclass(frozen=True, slots=True)
class Progress:
    """A date: looked at up to `next_at`. A schedule: `next_at` is when it comes next, counted from `begins_at`; None: no more.

    `running_at`: the end of the period, or the occurrence, whose contacts are entering; those up to `after_id` have. Of a date,
    `timezone` is the workspace's, by which it is looked at, and `zones_before` are those that the workspace had lately.
    """

    workflow_id: int
    trigger: str
    spec: str
    begins_at: datetime
    next_at: datetime | None
    running_at: datetime | None = None
    after_id: int = 0
    timezone: str = ""
    zones_before: tuple[Stay, ...] = ()

    @property
    def jumps(self) -> bool:
        """Whether the period begins with another time zone of the workspace: what that jumped over comes now."""
        return bool(self.zones_before) and self.zones_before[-1].until == self.next_at

    def begun(self, running_at: datetime, since: datetime | None = None) -> "Progress":
        return replace(self, next_at=since or self.next_at, running_at=running_at, after_id=0)

    def at(self, after_id: int) -> "Progress":
        return replace(self, after_id=after_id)

    def over(self, next_at: datetime | None) -> "Progress":
        return replace(self, next_at=next_at, running_at=None, after_id=0)


def timed_triggers(run: Run) -> list[tuple[Plan, Trigger]]:
    """Dates and schedules of the workflows that let in."""
    return [
        (plan, trigger)
        for plan in run.plans.running.values()
        if plan.lets_in
        for trigger in plan.graph.triggers
        if isinstance(trigger.on, DateReached | Scheduled)
    ]


async def load(run: Run, triggers: Iterable[tuple[Plan, Trigger]]) -> dict[tuple[int, str], Progress]:
    ids = sorted({plan.workflow_id for plan, _ in triggers})
    rows = await db.fetch(_LOAD, run.workspace_id, ids) if ids else []
    return {
        (row["workflow_id"], row["trigger"]): Progress(
            row["workflow_id"],
            row["trigger"],
            row["spec"],
            row["begins_at"],
            row["next_at"],
            row["running_at"],
            row["after_id"] or 0,
            row["timezone"],
            tuple(Stay(zone, read_instant(until)) for zone, until in db.load_json(row["zones_before"])),
        )
        for row in rows
    }


_LOAD: Final = """
    SELECT workflow_id, trigger, spec, begins_at, next_at, running_at, after_id, timezone, zones_before FROM workflow_schedules
    WHERE workspace_id = $1 AND workflow_id = ANY ($2::bigint[])
"""


async def store(run: Run, progress: Progress) -> None:
    await db.execute(
        _STORE,
        run.workspace_id,
        progress.workflow_id,
        progress.trigger,
        progress.spec,
        progress.begins_at,
        progress.next_at,
        progress.running_at,
        progress.after_id,
        progress.timezone,
        db.dump_json([(stay.zone, write_instant(stay.until)) for stay in progress.zones_before]),
    )


_STORE: Final = """
    INSERT INTO workflow_schedules (workspace_id, workflow_id, trigger, spec, begins_at, next_at, running_at, after_id, timezone,
                                    zones_before)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (workspace_id, workflow_id, trigger) DO UPDATE SET
        spec = excluded.spec, begins_at = excluded.begins_at, next_at = excluded.next_at,
        running_at = excluded.running_at, after_id = excluded.after_id,
        timezone = excluded.timezone, zones_before = excluded.zones_before
"""
