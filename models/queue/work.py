"""The kinds of work that can be enqueued, with their queues and ids.

A message says only that there is work; a worker reads from PostgreSQL what it is. So a message may be lost, or come twice or in
vain.
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
    """Each queue has its own worker processes."""

    REALTIME = "realtime"
    BULK = "bulk"
    BROADCAST = "broadcast"


@dataclass(frozen=True)
class Work(Generic[*Ids]):
    """A kind of work. `Ids` say which piece, the workspace first."""

    name: str
    queue: Queue


PROCESS_CHANGES: Final = Work[WorkspaceId]("process_changes", Queue.REALTIME)
"""Contacts were marked: dynamic segments have to follow."""

REBUILD: Final = Work[WorkspaceId, SegmentId]("rebuild", Queue.BULK)

BACKFILL_MEMBERS: Final = Work[WorkspaceId, SegmentId]("backfill_members", Queue.BULK)
"""The segment was deleted or is restored, and not all members are in the log yet."""

RUN_JOB: Final = Work[WorkspaceId, JobId]("run_job", Queue.BULK)
"""A job waits. The worker takes the fairest choice, which may be another one."""

RUN_REQUEST: Final = Work[WorkspaceId, RequestId]("run_request", Queue.BROADCAST)
"""Somebody waits for an answer of the provider."""

PREPARE_BROADCAST: Final = Work[WorkspaceId, BroadcastId]("prepare_broadcast", Queue.BROADCAST)

SEND_SLICE: Final = Work[WorkspaceId, SendingSlot]("send_slice", Queue.BROADCAST)
"""The workspace has messages to send, in this one of its parallel slots."""

END_BROADCAST: Final = Work[WorkspaceId, BroadcastId]("end_broadcast", Queue.BROADCAST)
"""The broadcast was cancelled: remaining recipients become SKIPPED."""

PROCESS_WEBHOOKS: Final = Work[WorkspaceId]("process_webhooks", Queue.BROADCAST)
