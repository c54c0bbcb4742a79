"""Import enums from here: a type must not use one before it is registered."""

import strawberry

from models.membership.origins import ChangeKind, Origin, Override

strawberry.enum(ChangeKind, name="MembershipChangeKind")
strawberry.enum(Origin, name="MembershipOrigin")
strawberry.enum(Override, name="MembershipOverride")


__all__ = ["ChangeKind", "Origin", "Override"]
