"""What can be enqueued: each kind of work by name, with the queue whose workers do it and what its ids mean.

A message says that there is something to do, never what: a worker reads that from PostgreSQL. So a message may be lost,
come twice or come for nothing.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, TypeAlias, TypeVarTuple

WorkspaceId: TypeAlias = int
SegmentId: TypeAlias = int
JobId: TypeAlias = int
RequestId: TypeAlias = int
BroadcastId: TypeAlias = int
SendingSlot: TypeAlias = int

Ids = TypeVarTuple("Ids")


class Queue(StrEnum):
    """Who does the work: there is one kind of worker process for each queue."""

    REALTIME = "realtime"
    BULK = "bulk"
    BROADCAST = "broadcast"


@dataclass(frozen=True)
class Work(Generic[*Ids]):
    """A kind of work. `Ids` are the ids that say which piece of it, the workspace first."""

    name: str
    queue: Queue


PROCESS_CHANGES: Final = Work[WorkspaceId]("process_changes", Queue.REALTIME)
"""Contacts of the workspace were marked: its dynamic segments have to follow."""

REBUILD: Final = Work[WorkspaceId, SegmentId]("rebuild", Queue.BULK)
"""The segment is BUILDING: its members have to be computed and swapped in."""

BACKFILL_MEMBERS: Final = Work[WorkspaceId, SegmentId]("backfill_members", Queue.BULK)
"""The segment was deleted, or is to come back, and not all of its members are in the log yet."""

RUN_JOB: Final = Work[WorkspaceId, JobId]("run_job", Queue.BULK)
"""The job waits. The worker takes the job that has waited longest by fair shares, which may be another one."""

RUN_REQUEST: Final = Work[WorkspaceId, RequestId]("run_request", Queue.BROADCAST)
"""Somebody waits for the answer of the provider."""

PREPARE_BROADCAST: Final = Work[WorkspaceId, BroadcastId]("prepare_broadcast", Queue.BROADCAST)
"""The broadcast was started or resumed: its audience is frozen, unless it is already, and sending begins."""

SEND_SLICE: Final = Work[WorkspaceId, SendingSlot]("send_slice", Queue.BROADCAST)
"""The workspace has messages to send, in this one of the slots that it has for sending at the same time."""

END_BROADCAST: Final = Work[WorkspaceId, BroadcastId]("end_broadcast", Queue.BROADCAST)
"""The broadcast was cancelled: the recipients that are left become SKIPPED."""

PROCESS_WEBHOOKS: Final = Work[WorkspaceId]("process_webhooks", Queue.BROADCAST)
"""Webhooks of the workspace's channel were kept."""
