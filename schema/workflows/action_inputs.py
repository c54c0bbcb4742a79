"""What nodes of workflows do, as the API takes it."""

from datetime import datetime

import strawberry
from strawberry import UNSET

from schema.broadcasts.inputs import TemplateParameterInput
from schema.rules.inputs import RuleInput
from schema.server.types.scalars import JSON, Duration, LocalTime
from schema.workflows.enums import LatePolicy
from schema.workflows.event_inputs import WorkflowEventInput


@strawberry.input
class WorkflowConditionInput:
    rule: RuleInput
    yes: str
    no: str


@strawberry.input
class WorkflowCaseInput:
    name: str
    rule: RuleInput
    next: str


@strawberry.input
class WorkflowBranchInput:
    cases: list[WorkflowCaseInput]
    otherwise: str


@strawberry.input
class WorkflowShareInput:
    name: str
    percent: int
    next: str


@strawberry.input
class WorkflowSplitInput:
    shares: list[WorkflowShareInput]


@strawberry.input
class WorkflowWaitInput:
    for_: Duration = strawberry.field(name="for")
    next: str


@strawberry.input(
    description="At an instant, or a field's value with an offset; then the next `time` on one of `weekdays` in the"
    " workflow's zone."
)
class WorkflowWaitUntilInput:
    at: datetime | None = UNSET
    field: str | None = UNSET
    offset: Duration | None = UNSET
    time: LocalTime | None = UNSET
    weekdays: list[int] | None = UNSET
    late: LatePolicy = LatePolicy.PROCEED
    next: str
    skip: str | None = UNSET


@strawberry.input(
    description="`lookBack`: what happened since entry counts too, so an event that came before its wait is not lost."
)
class WorkflowWaitForInput:
    any: list[WorkflowEventInput] | None = strawberry.field(default_factory=list)
    rule: RuleInput | None = UNSET
    look_back: bool = True
    timeout: Duration
    next: str
    timed_out: str


@strawberry.input
class WorkflowSegmentInput:
    segment_id: strawberry.ID
    next: str


@strawberry.input(
    description="Adds, goes on at once, and takes out after `for`, whatever becomes of the enrollment; coming again starts"
    " the time anew when `renew`."
)
class WorkflowKeepInput:
    segment_id: strawberry.ID
    for_: Duration = strawberry.field(name="for")
    renew: bool = True
    next: str


@strawberry.input
class WorkflowTagsInput:
    add: list[str] | None = strawberry.field(default_factory=list)
    remove: list[str] | None = strawberry.field(default_factory=list)
    next: str


@strawberry.input
class WorkflowFieldInput:
    field: str
    value: JSON | None = UNSET
    increment: float | None = UNSET
    now: bool = False
    next: str


@strawberry.input
class WorkflowRecordInput:
    kind: str
    properties: JSON | None = UNSET
    next: str


@strawberry.input
class WorkflowSendInput:
    template_id: strawberry.ID
    parameters: list[TemplateParameterInput] | None = strawberry.field(default_factory=list)
    require_opt_in: bool = True
    ignore_cap: bool = False
    next: str
    skipped: str | None = UNSET
    failed: str | None = UNSET


@strawberry.input
class WorkflowWebhookInput:
    endpoint_id: strawberry.ID
    body: JSON | None = UNSET
    next: str
    failed: str | None = UNSET


@strawberry.input
class WorkflowEnrollInput:
    workflow_id: strawberry.ID
    next: str


@strawberry.input
class WorkflowEndInput:
    outcome: str = "done"


@strawberry.input(one_of=True, description="Exactly one: what the node does.")
class WorkflowDoInput:
    condition: WorkflowConditionInput | None = UNSET
    branch: WorkflowBranchInput | None = UNSET
    split: WorkflowSplitInput | None = UNSET
    wait: WorkflowWaitInput | None = UNSET
    wait_until: WorkflowWaitUntilInput | None = UNSET
    wait_for: WorkflowWaitForInput | None = UNSET
    segment_add: WorkflowSegmentInput | None = UNSET
    segment_remove: WorkflowSegmentInput | None = UNSET
    segment_keep: WorkflowKeepInput | None = UNSET
    tags_change: WorkflowTagsInput | None = UNSET
    field_set: WorkflowFieldInput | None = UNSET
    activity_record: WorkflowRecordInput | None = UNSET
    send: WorkflowSendInput | None = UNSET
    webhook: WorkflowWebhookInput | None = UNSET
    enroll: WorkflowEnrollInput | None = UNSET
    end: WorkflowEndInput | None = UNSET
