"""The kinds of work that can be enqueued.

A message says only that there is work; a worker reads it from PostgreSQL. So it may be lost, or come twice or in vain.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Generic, TypeAlias, TypeVarTuple

WorkspaceId: TypeAlias = int
SegmentId: TypeAlias = int
ScoreModelId: TypeAlias = int
JobId: TypeAlias = int
RequestId: TypeAlias = int
BroadcastId: TypeAlias = int
ContactId: TypeAlias = int
EndpointId: TypeAlias = int
AudienceId: TypeAlias = int
SendingSlot: TypeAlias = int

Ids = TypeVarTuple("Ids")


class Queue(StrEnum):
    """Each queue has its own worker processes."""

    REALTIME = "realtime"
    BULK = "bulk"
    BROADCAST = "broadcast"
    WEBHOOK = "webhook"
    """To partners. Those who hang hold up nothing else."""


@dataclass(frozen=True)
class Work(Generic[*Ids]):
    """`Ids` say which piece, the workspace first."""

    name: str
    queue: Queue


PROCESS_CHANGES: Final = Work[WorkspaceId]("process_changes", Queue.REALTIME)

PROCESS_WORKFLOWS: Final = Work[WorkspaceId]("process_workflows", Queue.REALTIME)

INDEX_DATES: Final = Work[WorkspaceId]("index_dates", Queue.BULK)
"""Of custom fields, which a workflow waits for."""

PAUSE_WORKFLOWS: Final = Work[WorkspaceId]("pause_workflows", Queue.REALTIME)
"""WhatsApp has stopped their messages."""

RETIRE_WORKFLOWS: Final = Work[WorkspaceId]("retire_workflows", Queue.BULK)
"""A workflow may have become empty, or an old version of it."""

REBUILD: Final = Work[WorkspaceId, SegmentId]("rebuild", Queue.BULK)

BUILD_SCORE: Final = Work[WorkspaceId, ScoreModelId]("build_score", Queue.BULK)

BACKFILL_MEMBERS: Final = Work[WorkspaceId, SegmentId]("backfill_members", Queue.BULK)
"""After a delete or restore, not all members are logged yet."""

RUN_JOB: Final = Work[WorkspaceId, JobId]("run_job", Queue.BULK)
"""The worker takes the fairest choice, perhaps another job."""

ERASE_CONTACT: Final = Work[WorkspaceId, ContactId]("erase_contact", Queue.BULK)

RUN_REQUEST: Final = Work[WorkspaceId, RequestId]("run_request", Queue.BROADCAST)

PREPARE_BROADCAST: Final = Work[WorkspaceId, BroadcastId]("prepare_broadcast", Queue.BROADCAST)

SEND_SLICE: Final = Work[WorkspaceId, SendingSlot]("send_slice", Queue.BROADCAST)

END_BROADCAST: Final = Work[WorkspaceId, BroadcastId]("end_broadcast", Queue.BROADCAST)

PROCESS_WEBHOOKS: Final = Work[WorkspaceId]("process_webhooks", Queue.BROADCAST)

SEND_WEBHOOKS: Final = Work[WorkspaceId, EndpointId]("send_webhooks", Queue.WEBHOOK)
"""To an endpoint of a partner."""

FIND_DUPLICATES: Final = Work[WorkspaceId]("find_duplicates", Queue.BULK)

SYNC_AUDIENCE: Final = Work[WorkspaceId, AudienceId]("sync_audience", Queue.BULK)
