"""The payload of mutations that delete one thing."""

import strawberry

from schema.server.user_errors import UserError


@strawberry.type
class DeletePayload:
    deleted_id: strawberry.ID | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)
