from datetime import datetime

import strawberry

from schema.accounts.enums import Permission, Role


@strawberry.input
class MemberCreateInput:
    email: str
    name: str
    password: str
    role: Role
    permissions: list[Permission] | None = strawberry.field(default_factory=list)


@strawberry.input
class MemberUpdateInput:
    """Changes of a member; null leaves a value as it is."""

    name: str | None = None
    role: Role | None = None
    permissions: list[Permission] | None = None
    password: str | None = None


@strawberry.input
class ApiTokenCreateInput:
    name: str
    permissions: list[Permission]
    expires_at: datetime | None = None
