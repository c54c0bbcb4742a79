"""The domain errors.

MusterError
+-- DomainError            a user error: nothing changed
|   +-- Invalid  Required  NotFound  Taken  Conflict  InUse  LimitExceeded  NotAllowedInState  Unsupported
+-- Problems               several DomainErrors at once
+-- Refusal                shown at the top level
    +-- Unauthenticated  Forbidden  Throttled
"""

from collections.abc import Sequence
from copy import copy
from enum import StrEnum
from typing import ClassVar


class ErrorCode(StrEnum):
    """The values of UserErrorCode in the GraphQL schema."""

    INVALID = "INVALID"
    REQUIRED = "REQUIRED"
    NOT_FOUND = "NOT_FOUND"
    TAKEN = "TAKEN"
    CONFLICT = "CONFLICT"
    IN_USE = "IN_USE"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    NOT_ALLOWED_IN_STATE = "NOT_ALLOWED_IN_STATE"
    UNSUPPORTED = "UNSUPPORTED"


Path = Sequence[str | int]
"""In the input, relative to the operation's arguments: `("rule", "all", 0, "field", "value")`."""


class MusterError(Exception):
    """The base of all errors that Muster raises on purpose."""


class DomainError(MusterError):
    """`message` says what is wrong and what would be right."""

    code: ClassVar[ErrorCode] = ErrorCode.INVALID

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path: tuple[str, ...] | None = None if path is None else tuple(str(step) for step in path)

    def under(self, *prefix: str | int) -> "DomainError":
        moved = copy(self)
        moved.path = (*map(str, prefix), *(self.path or ()))
        return moved


class Invalid(DomainError):
    """The value has the wrong type or shape."""

    code = ErrorCode.INVALID


class Required(DomainError):
    code = ErrorCode.REQUIRED


class NotFound(DomainError):
    """This workspace has no such object."""

    code = ErrorCode.NOT_FOUND


class Taken(DomainError):
    """Another object has this unique value: `taken_by` (GraphQL type, id), where the caller may know it."""

    code = ErrorCode.TAKEN
    taken_by: tuple[str, int] | None = None


class Conflict(DomainError):
    """The object changed since the caller read it."""

    code = ErrorCode.CONFLICT


class InUse(DomainError):
    """Something active depends on the object."""

    code = ErrorCode.IN_USE


class LimitExceeded(DomainError):
    code = ErrorCode.LIMIT_EXCEEDED


class NotAllowedInState(DomainError):
    """The object's present state does not allow this."""

    code = ErrorCode.NOT_ALLOWED_IN_STATE


class Unsupported(DomainError):
    """Never possible for this kind of object."""

    code = ErrorCode.UNSUPPORTED


class Problems(MusterError):
    def __init__(self, errors: Sequence[DomainError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = tuple(errors)

    def under(self, *prefix: str | int) -> "Problems":
        return Problems([error.under(*prefix) for error in self.errors])


class at:  # noqa: N801 - a context manager; a generator would take three times as long
    """Put `prefix` before the paths of errors raised inside."""

    __slots__ = ("prefix",)

    def __init__(self, *prefix: str | int) -> None:
        self.prefix = prefix

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        if isinstance(error, DomainError | Problems):
            raise error.under(*self.prefix) from None


class Refusal(MusterError):
    """The whole operation is refused, whatever its input is."""


class Unauthenticated(Refusal):
    """The caller is unknown."""


class Forbidden(Refusal):
    """The caller lacks a permission."""


class Throttled(Refusal):
    """Too many operations in a short time."""

    def __init__(self, message: str, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
