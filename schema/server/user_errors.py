"""Errors in a mutation's input, as its payload shows them."""

import strawberry

from models.errors import DomainError, ErrorCode, Problems

strawberry.enum(ErrorCode, name="UserErrorCode")


@strawberry.type(description="A mistake in what the caller sent. Nothing was changed when a payload holds one.")
class UserError:
    code: ErrorCode
    message: str = strawberry.field(description="Says what is wrong and what would be right, for a person to read.")
    field: list[str] | None = strawberry.field(
        default=None, description='Path into the input, such as ["rule", "all", "0", "field", "value"].'
    )


def user_errors(error: DomainError | Problems) -> list[UserError]:
    errors = error.errors if isinstance(error, Problems) else (error,)
    return [UserError(code=e.code, message=e.message, field=None if e.path is None else list(e.path)) for e in errors]
