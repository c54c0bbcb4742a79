"""Import enums from here: a type must not use one before it is registered."""

import strawberry

from models.workflows.states import EnrollmentEnd, EnrollmentState

strawberry.enum(EnrollmentState)
strawberry.enum(EnrollmentEnd)

__all__ = ["EnrollmentEnd", "EnrollmentState"]
