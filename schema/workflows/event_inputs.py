"""Events of workflows as the API takes them."""

import strawberry
from strawberry import UNSET

from schema.broadcasts.enums import MessageStatus
from schema.rules.inputs import ActivityFilterInput
from schema.server.types.scalars import Duration, LocalTime


@strawberry.input
class WorkflowActivityInput:
    kind: str
    where: list[ActivityFilterInput] | None = strawberry.field(default_factory=list)


@strawberry.input
class WorkflowDateInput:
    field: str
    offset: Duration | None = UNSET
    before: bool = False
    yearly: bool = False
    at: LocalTime | None = UNSET


@strawberry.input
class WorkflowScheduleInput:
    rrule: str
    segment_id: strawberry.ID


@strawberry.input
class WorkflowMessageStatusInput:
    node_key: str | None = UNSET
    broadcast_id: strawberry.ID | None = UNSET
    status: MessageStatus


@strawberry.input(
    one_of=True, description="Exactly one: what lets a contact in, ends a WAIT_FOR, or is a goal or an exit."
)
class WorkflowEventInput:
    segment_entered: strawberry.ID | None = UNSET
    segment_left: strawberry.ID | None = UNSET
    activity: WorkflowActivityInput | None = UNSET
    contact_created: bool | None = UNSET
    field_changed: list[str] | None = UNSET
    tag_added: str | None = UNSET
    tag_removed: str | None = UNSET
    date: WorkflowDateInput | None = UNSET
    schedule: WorkflowScheduleInput | None = UNSET
    message_status: WorkflowMessageStatusInput | None = UNSET
    manual: bool | None = UNSET
