"""Import enums from here: a type must not use one before it is registered."""

import strawberry

from models.workflows.graph.actions import LatePolicy
from models.workflows.graph.tree import ReentryPolicy, Zone
from models.workflows.states import EnrolledContactsPolicy, WorkflowStatus

strawberry.enum(
    WorkflowStatus,
    description="PAUSED: nobody moves, and nothing that falls due is lost. DRAINING: nobody enters, those inside go on;"
    " becomes ARCHIVED by itself when the last has ended.",
)
strawberry.enum(ReentryPolicy, name="WorkflowReentry")
strawberry.enum(Zone, name="WorkflowZone")
strawberry.enum(LatePolicy)
strawberry.enum(EnrolledContactsPolicy)

__all__ = ["EnrolledContactsPolicy", "LatePolicy", "ReentryPolicy", "WorkflowStatus", "Zone"]
