"""Graphs of workflows as the API takes them."""

from datetime import date
from typing import Any

import strawberry
from strawberry import UNSET

from models.errors import Invalid
from schema.rules.inputs import RuleInput
from schema.server.types.scalars import JSON, Duration, LocalTime
from schema.workflows.action_inputs import WorkflowDoInput
from schema.workflows.enums import EnrolledContactsPolicy, ReentryPolicy, Zone
from schema.workflows.event_inputs import WorkflowEventInput
from schema.workflows.graph_json import graph_from_input


@strawberry.input
class WorkflowReentryInput:
    policy: ReentryPolicy
    cooldown: Duration | None = UNSET
    max_per_contact: int | None = UNSET
    key: str | None = strawberry.field(
        default=UNSET, description="An activity property, such as order_id: one enrollment at a time for each value."
    )


@strawberry.input
class WorkflowGoalInput:
    event: WorkflowEventInput | None = UNSET
    rule: RuleInput | None = UNSET
    within: Duration | None = UNSET
    continue_after: bool = False


@strawberry.input
class WorkflowExitInput:
    event: WorkflowEventInput | None = UNSET
    rule: RuleInput | None = UNSET
    leaves_trigger: bool = strawberry.field(default=False, description="On leaving the segment that let it in.")


@strawberry.input
class WorkflowWindowInput:
    from_: LocalTime = strawberry.field(name="from")
    to: LocalTime
    weekdays: list[int] | None = strawberry.field(default_factory=lambda: [1, 2, 3, 4, 5, 6, 7])
    except_days: list[date] | None = strawberry.field(default_factory=list)


@strawberry.input
class WorkflowTriggerInput:
    key: str
    on: WorkflowEventInput
    start: str | None = strawberry.field(default=UNSET, description="Instead of the workflow's start.")


@strawberry.input
class WorkflowLimitInput:
    per_contact: int | None = UNSET
    total: int | None = UNSET
    cooldown: Duration | None = UNSET
    next: str | None = strawberry.field(
        default=UNSET,
        description="Where to go when the limit is reached; absent: wait here for the cooldown, or end.",
    )


@strawberry.input
class WorkflowNodeInput:
    key: str = strawberry.field(
        description="Made of a-z 0-9 _ and dots. A node that keeps its key keeps its contacts and its figures when the workflow"
        " is edited."
    )
    label: str | None = UNSET
    layout: JSON | None = UNSET
    limit: WorkflowLimitInput | None = UNSET
    do: WorkflowDoInput


@strawberry.input
class WorkflowGraphInput:
    triggers: list[WorkflowTriggerInput]
    start: str
    nodes: list[WorkflowNodeInput]
    zone: Zone = Zone.WORKSPACE
    entry_rule: RuleInput | None = strawberry.field(
        default=UNSET, description="Looked at once, at the instant of entry."
    )
    reentry: WorkflowReentryInput | None = strawberry.field(
        default=UNSET, description="Who may enter again, and when; ONCE when absent."
    )
    goal: WorkflowGoalInput | None = strawberry.field(
        default=UNSET, description="Reached at any node: counted, and ends the enrollment unless `continueAfter`."
    )
    exits: list[WorkflowExitInput] | None = strawberry.field(
        default_factory=list, description="Looked at whenever they can have become true, also during a wait."
    )
    send_window: WorkflowWindowInput | None = strawberry.field(
        default=UNSET,
        description="SEND happens only inside it; what falls outside waits for the next opening.",
    )
    control_percent: int = strawberry.field(default=0, description="Share kept out of SEND, for comparison.")
    max_stay: Duration = Duration("P1Y")


@strawberry.input
class WorkflowCreateInput:
    name: str
    description: str | None = None
    graph: WorkflowGraphInput | None = None


@strawberry.input
class WorkflowUpdateInput:
    """An absent field stays as it is."""

    name: str | None = UNSET
    description: str | None = UNSET
    graph: WorkflowGraphInput | None = UNSET
    version: int | None = None

    def values(self) -> dict[str, Any]:
        """Returns only the fields that were given."""
        given = {"name": self.name, "description": self.description, "graph": self.graph}
        values: dict[str, Any] = {key: value for key, value in given.items() if value is not UNSET}
        if values.get("graph"):
            values["graph"] = graph_from_input(values["graph"])
        return values


@strawberry.input
class WorkflowMoveInput:
    from_key: str
    to_key: str


@strawberry.input
class WorkflowPublishInput:
    token: str
    enrolled: EnrolledContactsPolicy = EnrolledContactsPolicy.MOVE
    moves: list[WorkflowMoveInput] | None = strawberry.field(default_factory=list)
    spread: Duration = strawberry.field(
        default=Duration("PT10M"), description="Wakes that the edit brings forward are spread over this."
    )
    note: str | None = None


def moves_from_input(moves: list[WorkflowMoveInput] | None) -> dict[str, str]:
    """Raises Invalid at the second move from the same node."""
    found: dict[str, str] = {}
    for index, move in enumerate(moves or ()):
        if move.from_key in found:
            raise Invalid(f'"{move.from_key}" is moved twice: keep one', ("moves", index, "fromKey"))
        found[move.from_key] = move.to_key
    return found
