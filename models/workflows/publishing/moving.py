"""Changes those inside after a publish, chunk by chunk: those at deleted nodes, and those whose wait has changed."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from models.values.instants import read_instant, write_instant
from models.workflows import bulk, drafts, versions
from models.workflows.bulk import Changed, Wakes
from models.workflows.graph.tree import Graph
from models.workflows.publishing import plan
from models.workflows.publishing.plan import Group
from models.workflows.publishing.transitions import Change
from models.workflows.states import EnrollmentEnd, WorkflowStatus
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class Progress:
    """The index of the group that is being changed, the last id of it that was, how many in all, and how many come next."""

    group: int = 0
    after_id: int = 0
    done: int = 0
    limit: int = bulk.CHUNK

    def paced(self, took_seconds: float) -> "Progress":
        """The next chunk takes CHUNK_SECONDS, if it goes as the one before, of so many, did."""
        fitting = round(self.limit * min(2.0, CHUNK_SECONDS / took_seconds))
        return replace(self, limit=min(LARGEST, max(SMALLEST, fitting)))


CHUNK_SECONDS: Final = 0.15
"""So long nobody else moves enrollments of the workspace."""

SMALLEST: Final = 1_000

LARGEST: Final = 10_000
"""Larger ones make everybody else's commits wait for the disk."""


@dataclass(frozen=True, slots=True)
class Moving:
    """`number` is the published version, `at` the moment of the publish: wakes are spread over the seconds after it."""

    workflow_id: int
    number: int
    at: datetime
    spread_seconds: float
    groups: tuple[Group, ...]

    def start(self) -> Progress | None:
        return Progress() if self.groups else None


def to_json(moving: Moving) -> dict[str, Any]:
    return {
        "number": moving.number,
        "at": write_instant(moving.at),
        "spreadSeconds": moving.spread_seconds,
        "groups": [plan.to_json(group) for group in moving.groups],
    }


def from_json(workflow_id: int, stored: Mapping[str, Any]) -> Moving:
    groups = tuple(plan.from_json(group) for group in stored["groups"])
    return Moving(workflow_id, stored["number"], read_instant(stored["at"]), stored["spreadSeconds"], groups)


async def change_chunk(scope: Scope, moving: Moving, progress: Progress, now: datetime) -> Progress | None:
    """One chunk, in the ambient transaction, under the lock of the engine. Returns how far it came; None when all is done."""
    began = time.perf_counter()
    following = await _change_chunk(scope, moving, progress, now)
    return None if following is None else following.paced(time.perf_counter() - began)


async def _change_chunk(scope: Scope, moving: Moving, progress: Progress, now: datetime) -> Progress | None:
    limit = min(progress.limit, LARGEST)
    group = moving.groups[progress.group]
    graph = await versions.graph_of(scope, moving.workflow_id, moving.number)
    changed = await _change(scope, moving, group, graph, progress.after_id, now, limit)
    done = progress.done + changed.count
    if changed.count == limit:
        return replace(progress, after_id=changed.last_id, done=done)
    if progress.after_id and group.change is not Change.WAKE:
        return replace(progress, after_id=0, done=done)  # once more from the beginning, for those who came meanwhile
    if progress.group + 1 == len(moving.groups):
        return None
    return replace(progress, group=progress.group + 1, after_id=0, done=done)


async def _change(
    scope: Scope, moving: Moving, group: Group, graph: Graph, after_id: int, now: datetime, limit: int
) -> Changed:
    wakes = Wakes(timedelta(seconds=moving.spread_seconds), graph.max_stay, scope.timezone, group.waits)
    match group.change:
        case Change.END:
            gone = EnrollmentEnd.REMOVED if group.key in graph.nodes else EnrollmentEnd.NODE_DELETED
            return await bulk.end_some(scope, now, group.standing, gone, after_id=after_id, limit=limit)
        case Change.MOVE:
            assert group.to_key is not None
            node = (await versions.node_numbers(scope, moving.workflow_id))[group.to_key]
            return await bulk.move_some(scope, now, group.standing, node, wakes=wakes, after_id=after_id, limit=limit)
        case Change.WAKE:
            status = (await drafts.get(scope, moving.workflow_id)).status
            rewoken = await bulk.rewake_some(
                scope,
                moving.at,
                group.standing,
                wakes=wakes,
                paused=status == WorkflowStatus.PAUSED,
                after_id=after_id,
                limit=limit,
            )
            return Changed(rewoken.seen, rewoken.last_id)
        case Change.STAY:
            return Changed(0, 0)
