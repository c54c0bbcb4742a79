"""Import enums from here: a type must not use one before it is registered."""

import strawberry

from permissions.capabilities import Permission
from permissions.roles import Role

strawberry.enum(Role)
strawberry.enum(
    Permission,
    description="What a USER, or an API token, can be granted one by one. ADMIN has all; MANAGER all but the last three.",
)


__all__ = ["Permission", "Role"]
