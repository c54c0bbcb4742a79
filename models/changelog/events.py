"""The log of events, other than members of segments. Released types and names of fields stay."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from enum import StrEnum
from functools import partial
from operator import attrgetter
from typing import ClassVar, Final, get_args

from models import clock, db
from models.changelog import append
from models.changelog.log import Log
from models.db import Record


class EventType(StrEnum):
    SEGMENT_UPDATED = "segment.updated"
    SEGMENT_DELETED = "segment.deleted"
    SEGMENT_RESTORED = "segment.restored"
    JOB_FINISHED = "job.finished"
    BROADCAST_FINISHED = "broadcast.finished"
    WEBHOOK_ENDPOINT_FAILING = "webhook.endpoint_failing"
    WEBHOOK_ENDPOINT_DISABLED = "webhook.endpoint_disabled"
    CONTACT_MERGED = "contact.merged"
    CONTACT_UNMERGED = "contact.unmerged"
    SCORE_LEVEL_CHANGED = "score.level_changed"
    AUDIENCE_BLOCKED = "audience.blocked"


@dataclass(frozen=True, slots=True)
class SegmentUpdated:
    """These `fields` of a segment changed. After a new rule, its members change later."""

    type: ClassVar = EventType.SEGMENT_UPDATED
    segment_id: int
    name: str
    version: int
    fields: list[str]


@dataclass(frozen=True, slots=True)
class SegmentDeleted:
    """A segment was deleted. Its members leave in the log of members, before or after this event."""

    type: ClassVar = EventType.SEGMENT_DELETED
    segment_id: int
    name: str


@dataclass(frozen=True, slots=True)
class SegmentRestored:
    """A segment was restored, after all its members were logged to have entered."""

    type: ClassVar = EventType.SEGMENT_RESTORED
    segment_id: int
    name: str


@dataclass(frozen=True, slots=True)
class JobFinished:
    """A job has ended; `status` is SUCCEEDED, FAILED or CANCELLED."""

    type: ClassVar = EventType.JOB_FINISHED
    job_id: int
    kind: str
    status: str
    error: str | None = None


@dataclass(frozen=True, slots=True)
class BroadcastFinished:
    """A broadcast has ended; `status` is COMPLETED, FAILED or CANCELLED."""

    type: ClassVar = EventType.BROADCAST_FINISHED
    broadcast_id: int
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class WebhookEndpointFailing:
    """An endpoint has failed for an hour, a day or four days; `since` is an ISO 8601 instant."""

    type: ClassVar = EventType.WEBHOOK_ENDPOINT_FAILING
    webhook_endpoint_id: int
    url: str
    since: str


@dataclass(frozen=True, slots=True)
class WebhookEndpointDisabled:
    """Muster sends nothing more to an endpoint, until somebody resumes it."""

    type: ClassVar = EventType.WEBHOOK_ENDPOINT_DISABLED
    webhook_endpoint_id: int
    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class ContactMerged:
    """A contact was merged into another, which answers for both ids from now on."""

    type: ClassVar = EventType.CONTACT_MERGED
    contact_id: int
    merged_contact_id: int


@dataclass(frozen=True, slots=True)
class ContactUnmerged:
    """A merge was undone: there are two contacts again."""

    type: ClassVar = EventType.CONTACT_UNMERGED
    contact_id: int
    merged_contact_id: int


@dataclass(frozen=True, slots=True)
class ScoreLevelChanged:
    """A contact's score crossed the border of a level. A new definition of a score tells no such events."""

    type: ClassVar = EventType.SCORE_LEVEL_CHANGED
    score_model_id: int
    key: str
    contact_id: int
    was: str | None
    now: str | None


@dataclass(frozen=True, slots=True)
class AudienceBlocked:
    """An advertising audience follows its segment no longer, until a person does what `reason` says."""

    type: ClassVar = EventType.AUDIENCE_BLOCKED
    audience_id: int
    name: str
    reason: str


Payload = (
    SegmentUpdated
    | SegmentDeleted
    | SegmentRestored
    | JobFinished
    | BroadcastFinished
    | WebhookEndpointFailing
    | WebhookEndpointDisabled
    | ContactMerged
    | ContactUnmerged
    | ScoreLevelChanged
    | AudienceBlocked
)

PAYLOADS: Final[dict[EventType, type[Payload]]] = {payload.type: payload for payload in get_args(Payload)}


@dataclass(frozen=True, slots=True)
class Event:
    workspace_id: int
    position: int
    payload: Payload
    at: datetime

    @property
    def type(self) -> EventType:
        return self.payload.type


def _event(workspace_id: int, row: Record) -> Event:
    position, event_type, payload, at = row
    return Event(workspace_id, position, _payload(EventType(event_type), payload), at)


def _payload(event_type: EventType, text: str) -> Payload:
    """Fields of a later version are left out."""
    payload, written = PAYLOADS[event_type], db.load_json(text)
    return payload(**{field.name: written[field.name] for field in fields(payload) if field.name in written})


EVENTS: Final = Log(
    name="events",
    noun="events",
    entries="events",
    appends="event_appends",
    heads="event_heads",
    append_ids="event_append_ids",
    columns=("type", "payload", "at"),
    filter_column="type",
    filter_type="text",
    make=_event,
    filter_value=attrgetter("type"),
    cursor_mark="e1",
    cursor_source="this log",
    when_lost="Begin with a new cursor",
)


async def record(workspace_id: int, payload: Payload) -> None:
    """Just before the ambient transaction commits. LOCKS: the head of the log of events, only then."""
    await record_all(workspace_id, [payload])


async def record_all(workspace_id: int, payloads: Sequence[Payload]) -> None:
    """As `record`, many at once."""
    if payloads:
        await db.before_commit(partial(_write, workspace_id, payloads, clock.now()))


async def _write(workspace_id: int, payloads: Sequence[Payload], at: datetime) -> None:
    opened = await append.begin(workspace_id, EVENTS, at)
    types, texts = [one.type for one in payloads], [db.dump_json(asdict(one)) for one in payloads]
    await db.execute(_INSERT, workspace_id, opened.id, types, texts, at)
    opened.size = len(payloads)
    await append.close(opened)


_INSERT = """
INSERT INTO events (workspace_id, append_id, place, type, payload, at)
SELECT $1, $2, g.place, g.type, g.payload::jsonb, $5
FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS g (type, payload, place)
"""
