from datetime import datetime
from typing import Any

import strawberry
from strawberry import UNSET

from schema.accounts.enums import Permission, Role
from schema.server.types.scalars import Duration


@strawberry.input
class MemberCreateInput:
    email: str
    name: str
    password: str | None = strawberry.field(
        default=None, description="Left out, the member sets one by the link of memberInvite."
    )
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


@strawberry.input(description="A limit of messages to one contact.")
class MessageCapInput:
    count: int = strawberry.field(description="How many messages, from 1 to 1,000.")
    window: Duration = strawberry.field(description="In any span of this length, such as P7D; at most a year.")


@strawberry.input(description="An absent field stays as it is.")
class WorkspaceUpdateInput:
    name: str | None = strawberry.field(default=UNSET, description="What members see: 1 to 200 characters.")
    timezone: str | None = strawberry.field(
        default=UNSET, description="IANA name, such as Europe/Madrid. A new one computes all rules again."
    )
    default_country: str | None = strawberry.field(
        default=UNSET,
        description="ISO 3166-1 alpha-2, for phone numbers written without a country; null: such numbers are refused.",
    )

    message_cap: MessageCapInput | None = strawberry.field(
        default=UNSET,
        description="At most `count` messages to a contact within `window`, over broadcasts and workflows; null lifts it.",
    )

    def values(self) -> dict[str, Any]:
        """Returns the given values, by name."""
        given = {name: value for name, value in vars(self).items() if value is not UNSET}
        if cap := given.get("message_cap"):
            given["message_cap"] = (cap.count, cap.window)
        return given
