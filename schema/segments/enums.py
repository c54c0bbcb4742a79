"""Import enums from here: a type must not use one before it is registered."""

import strawberry

from models.segments.lists import SegmentOrder
from models.segments.segments import SegmentKind, SegmentStatus

strawberry.enum(SegmentKind)
strawberry.enum(
    SegmentStatus,
    description="BUILDING: being computed for the first time or after a new rule; the members are those of the last"
    " finished rule.",
)
strawberry.enum(SegmentOrder)


__all__ = ["SegmentKind", "SegmentOrder", "SegmentStatus"]
