"""Errors in a mutation's input, as its payload shows them."""

import strawberry

from models.errors import DomainError, ErrorCode, Problems, Taken
from schema.server.ids import to_global_id

strawberry.enum(ErrorCode, name="UserErrorCode")


@strawberry.type(description="A mistake in what the caller sent. Nothing was changed when a payload holds one.")
class UserError:
    code: ErrorCode
    message: str = strawberry.field(description="Says what is wrong and what would be right, for a person to read.")
    field: list[str] | None = strawberry.field(
        default=None, description='Path into the input, such as ["rule", "all", "0", "field", "value"].'
    )
    taken_by: strawberry.ID | None = strawberry.field(
        default=None, description="For TAKEN: the object that has the value, where the caller may read it."
    )


def user_errors(error: DomainError | Problems) -> list[UserError]:
    errors = error.errors if isinstance(error, Problems) else (error,)
    return [
        UserError(
            code=e.code,
            message=e.message,
            field=None if e.path is None else list(e.path),
            taken_by=strawberry.ID(to_global_id(*e.taken_by)) if isinstance(e, Taken) and e.taken_by else None,
        )
        for e in errors
    ]
