"""What an endpoint can subscribe to.

A type of the log of events is one entry of EVENT_TYPES: its fields say how a payload becomes the `data` of a webhook. The schema
and the example follow from them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from models.changelog.events import EventType, Payload
from models.values.global_ids import to_global_id
from permissions.capabilities import Permission

MEMBERSHIP_CHANGES: Final = "membership.changes"
WORKFLOW_MESSAGE: Final = "workflow.message"
PING: Final = "ping"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class DataField:
    """`attribute`: of the payload. `id_of`: it is a row id; gives the GraphQL type that has it. `schema`: JSON Schema."""

    name: str
    attribute: str
    description: str
    example: Any
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    id_of: Callable[[Any], str] | None = None
    is_segment: bool = False

    def value(self, payload: Payload) -> Any:
        value = getattr(payload, self.attribute)
        return value if self.id_of is None else to_global_id(self.id_of(payload), value)


@dataclass(frozen=True, slots=True)
class WebhookEventType:
    """`schema` describes `data`; `fields` are empty for what is not in the log of events. `needs`: to read what it tells."""

    name: str
    needs: Permission | None
    description: str
    schema: Json
    example: Json
    fields: tuple[DataField, ...] = ()

    def data_of(self, payload: Payload) -> Json:
        return {one.name: one.value(payload) for one in self.fields}

    def segment_of(self, payload: Payload) -> int | None:
        """Returns the segment that the event is about, by which endpoints filter."""
        return next((getattr(payload, one.attribute) for one in self.fields if one.is_segment), None)


def _of_log(event_type: EventType, needs: Permission, description: str, *fields: DataField) -> WebhookEventType:
    schema = _object({one.name: {**one.schema, "description": one.description} for one in fields})
    data = {one.name: one.example for one in fields}
    return WebhookEventType(event_type.value, needs, description, schema, _envelope(event_type.value, data), fields)


def _object(properties: Json, **more: Any) -> Json:
    return {"type": "object", "properties": properties, "required": sorted(properties), **more}


def _envelope(name: str, data: Json) -> Json:
    return {"type": name, "timestamp": "2026-11-22T09:30:00Z", "data": data}


# ---------------------------------------------------------------- fields


def _segment() -> DataField:
    return DataField(
        "segmentId",
        "segment_id",
        "The segment's id.",
        to_global_id("Segment", 7),
        id_of=lambda _: "Segment",
        is_segment=True,
    )


def _text(name: str, attribute: str, description: str, example: str | None, *values: str) -> DataField:
    kind: Json = {"type": ["string", "null"]} if example is None else {"type": "string"}
    return DataField(name, attribute, description, example, {**kind, **({"enum": list(values)} if values else {})})


def _endpoint() -> DataField:
    return DataField(
        "webhookEndpointId",
        "webhook_endpoint_id",
        "The endpoint's id.",
        to_global_id("WebhookEndpoint", 3),
        id_of=lambda _: "WebhookEndpoint",
    )


def _contact(name: str, attribute: str, description: str, example: int) -> DataField:
    return DataField(name, attribute, description, to_global_id("Contact", example), id_of=lambda _: "Contact")


def _job_type(payload: Any) -> str:
    return "".join(word.capitalize() for word in payload.kind.split("_")) + "Job"


_OUTCOME: Final = ("COMPLETED", "FAILED", "CANCELLED")

_OF_LOG: Final = (
    _of_log(
        EventType.SEGMENT_UPDATED,
        Permission.SEGMENT_READ,
        "A segment's name, description, rule or other setting changed. After a new rule its members change later.",
        _segment(),
        _text("name", "name", "Its name now.", "VIPs"),
        DataField("version", "version", "Its version now.", 4, {"type": "integer"}),
        DataField(
            "fields", "fields", "What changed.", ["name"], {"type": "array", "items": {"type": "string"}, "minItems": 1}
        ),
    ),
    _of_log(
        EventType.SEGMENT_DELETED,
        Permission.SEGMENT_READ,
        "A segment was deleted. Its members leave in membership.changes, before or after this event.",
        _segment(),
        _text("name", "name", "Its name.", "VIPs"),
    ),
    _of_log(
        EventType.SEGMENT_RESTORED,
        Permission.SEGMENT_READ,
        "A deleted segment was restored, after all its members were logged to have entered.",
        _segment(),
        _text("name", "name", "Its name.", "VIPs"),
    ),
    _of_log(
        EventType.BROADCAST_FINISHED,
        Permission.BROADCAST_READ,
        "A broadcast has ended.",
        DataField(
            "broadcastId",
            "broadcast_id",
            "The broadcast's id.",
            to_global_id("Broadcast", 12),
            id_of=lambda _: "Broadcast",
        ),
        _text("status", "status", "How it ended.", "COMPLETED", *_OUTCOME),
        _text("reason", "reason", "Why it did not complete.", None),
    ),
    _of_log(
        EventType.JOB_FINISHED,
        Permission.JOB_READ,
        "A job, such as an import or an export, has ended.",
        DataField("jobId", "job_id", "The job's id.", to_global_id("ImportJob", 31), id_of=_job_type),
        _text("kind", "kind", "What kind of job it is.", "IMPORT"),
        _text("status", "status", "How it ended.", "SUCCEEDED", "SUCCEEDED", "FAILED", "CANCELLED"),
        _text("error", "error", "Why it failed.", None),
    ),
    _of_log(
        EventType.CONTACT_MERGED,
        Permission.CONTACT_READ,
        "A contact was merged into another, which answers for both ids from now on.",
        _contact("contactId", "contact_id", "The contact that was kept.", 51),
        _contact("mergedContactId", "merged_contact_id", "The contact that is gone.", 52),
    ),
    _of_log(
        EventType.CONTACT_UNMERGED,
        Permission.CONTACT_READ,
        "A merge was undone: there are two contacts again.",
        _contact("contactId", "contact_id", "The contact that was kept.", 51),
        _contact("mergedContactId", "merged_contact_id", "The contact that is back.", 52),
    ),
    _of_log(
        EventType.SCORE_LEVEL_CHANGED,
        Permission.SEGMENT_READ,
        "A contact's score crossed the border of a level. A new definition of a score tells no such events.",
        DataField(
            "scoreModelId",
            "score_model_id",
            "The score's id.",
            to_global_id("ScoreModel", 4),
            id_of=lambda _: "ScoreModel",
        ),
        _text("key", "key", "The score's key.", "interest"),
        _contact("contactId", "contact_id", "The contact.", 51),
        _text("was", "was", "The level before; null for none.", None),
        _text("now", "now", "The level now; null for none.", None),
    ),
    _of_log(
        EventType.AUDIENCE_BLOCKED,
        Permission.SEGMENT_READ,
        "An advertising audience follows its segment no longer, until a person does what the reason says.",
        DataField(
            "audienceId", "audience_id", "The audience's id.", to_global_id("Audience", 6), id_of=lambda _: "Audience"
        ),
        _text("name", "name", "Its name.", "Spring"),
        _text("reason", "reason", "What a person has to do.", "Meta refused the token: connect the ad account again."),
    ),
    _of_log(
        EventType.WEBHOOK_ENDPOINT_FAILING,
        Permission.WEBHOOK_MANAGE,
        "A webhook endpoint of the workspace has failed for an hour, a day or four days.",
        _endpoint(),
        _text("url", "url", "Its address.", "https://example.com/hooks"),
        _text("since", "since", "Since when.", "2026-11-22T08:30:00Z"),
    ),
    _of_log(
        EventType.WEBHOOK_ENDPOINT_DISABLED,
        Permission.WEBHOOK_MANAGE,
        "A webhook endpoint of the workspace was disabled, because it failed for five days or asked for it.",
        _endpoint(),
        _text("url", "url", "Its address.", "https://example.com/hooks"),
        _text("reason", "reason", "Why, and what to do.", "It has failed for five days."),
    ),
)

# ---------------------------------------------------------------- what is not in the log of events

_CHANGE: Final = _object(
    {
        "kind": {"enum": ["ENTERED", "LEFT"], "description": "Whether the contact entered or left."},
        "origin": {"type": "string", "description": "What caused it: RULE, MANUAL, API, IMPORT or WORKFLOW."},
        "at": {"type": "string", "format": "date-time", "description": "When it happened."},
        "segmentId": {"type": "string", "description": "The segment's id."},
        "contactId": {"type": "string", "description": "The contact's id."},
        "cursor": {"type": "string", "description": "Its position in the log: the same each time it is sent."},
    }
)
_CHANGE["properties"]["contact"] = {
    "type": ["object", "null"],
    "description": "With includeContacts: the contact as it is when this is sent; null when it is deleted, or did not fit.",
}

_CHANGES: Final = WebhookEventType(
    MEMBERSHIP_CHANGES,
    Permission.SEGMENT_READ,
    "Contacts entered or left segments: 1 to 1,000 changes in the order of the log, in one request.",
    _object(
        {
            "changes": {"type": "array", "items": _CHANGE, "minItems": 1, "maxItems": 1000},
            "cursor": {
                "type": "string",
                "description": "Everything up to here was sent. Also good for membershipChanges.",
            },
        }
    ),
    _envelope(
        MEMBERSHIP_CHANGES,
        {
            "changes": [
                {
                    "kind": "ENTERED",
                    "origin": "RULE",
                    "at": "2026-11-22T09:30:00Z",
                    "segmentId": to_global_id("Segment", 7),
                    "contactId": to_global_id("Contact", 5003),
                    "cursor": "bTE6MTo0MQ",
                }
            ],
            "cursor": "bTE6MTo0MQ",
        },
    ),
)

_PING: Final = WebhookEventType(
    PING,
    None,
    "Proves that the endpoint is there. Sent when an endpoint is made, and by webhookTest, whatever is subscribed to.",
    _object({"test": {"type": "boolean", "description": "Whether webhookTest sent it."}}),
    _envelope(PING, {"test": False}),
)

_MESSAGE: Final = WebhookEventType(
    WORKFLOW_MESSAGE,
    Permission.WORKFLOW_READ,
    "A contact reached a WEBHOOK node of a workflow.",
    _object(
        {
            "contactId": {"type": "string", "description": "The contact's id."},
            "workflowId": {"type": "string", "description": "The workflow's id."},
            "enrollmentId": {"type": "string", "description": "The id of the contact's way through the workflow."},
            "node": {"type": "string", "description": "The key of the node."},
            "body": {"description": "What the node says, any JSON."},
        }
    ),
    _envelope(
        WORKFLOW_MESSAGE,
        {
            "contactId": to_global_id("Contact", 5003),
            "workflowId": to_global_id("Workflow", 9),
            "enrollmentId": to_global_id("Enrollment", 81),
            "node": "tell",
            "body": {"offer": "A7"},
        },
    ),
)

EVENT_TYPES: Final[Mapping[str, WebhookEventType]] = {one.name: one for one in (_CHANGES, *_OF_LOG, _MESSAGE, _PING)}
"""By name."""

OF_LOG: Final = frozenset(one.name for one in _OF_LOG)
"""Types of the log of events."""

SUBSCRIBABLE: Final = frozenset(EVENT_TYPES) - {PING}
