"""Explanations and simulations of workflows as the API shows them."""

from datetime import datetime

import strawberry

from schema.enrollments.enums import EnrollmentEnd
from schema.enrollments.types import Enrollment
from schema.segments.explanation_types import RuleExplanation
from schema.workflows.trying_enums import Fidelity


@strawberry.type(description="Why a contact is inside, may enter, or was turned away.")
class WorkflowExplanation:
    enrollment: Enrollment | None
    may_enter: bool
    reasons: list[str]
    entry_rule: RuleExplanation | None
    turned_away_at: datetime | None


@strawberry.type(description="The way that a contact would go.")
class WorkflowPath:
    end: EnrollmentEnd | None
    ends_at: datetime | None
    steps: list["WorkflowPathStep"]


@strawberry.type(description="What a contact would do at a node.")
class WorkflowPathStep:
    node_key: str
    at: datetime
    outcome: str
    text: str
    fidelity: Fidelity
