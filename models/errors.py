"""The tree of domain errors.

MusterError
+-- DomainError            a mistake in what the caller sent: told as a user error, nothing changed
|   +-- Invalid  Required  NotFound  Taken  Conflict  InUse  LimitExceeded  NotAllowedInState  Unsupported
+-- Problems               several DomainErrors at once
+-- Refusal                the caller could not have got it right: told at the top level
    +-- Unauthenticated  Forbidden  Throttled
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from typing import ClassVar


class ErrorCode(StrEnum):
    """The contract's UserErrorCode."""

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
"""Where in the input: `("rule", "all", 0, "field", "value")`, relative to the operation's arguments."""


class MusterError(Exception):
    """All that Muster raises on purpose."""


class DomainError(MusterError):
    """A mistake in the input. `message` says what is wrong and what would be right; `path` where."""

    code: ClassVar[ErrorCode] = ErrorCode.INVALID

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.path: tuple[str, ...] | None = None if path is None else tuple(str(step) for step in path)

    def under(self, *prefix: str | int) -> "DomainError":
        """The same error, its path seen from one level further out."""
        return type(self)(self.message, (*prefix, *(self.path or ())))


class Invalid(DomainError):
    """The value is of the wrong type or shape."""

    code = ErrorCode.INVALID


class Required(DomainError):
    """Something that must be there is absent."""

    code = ErrorCode.REQUIRED


class NotFound(DomainError):
    """No such thing in this workspace."""

    code = ErrorCode.NOT_FOUND


class Taken(DomainError):
    """Another one has this unique value already."""

    code = ErrorCode.TAKEN


class Conflict(DomainError):
    """It changed since the caller read it."""

    code = ErrorCode.CONFLICT


class InUse(DomainError):
    """Something active depends on it."""

    code = ErrorCode.IN_USE


class LimitExceeded(DomainError):
    """Too much at once."""

    code = ErrorCode.LIMIT_EXCEEDED


class NotAllowedInState(DomainError):
    """Not possible in the state that it is in."""

    code = ErrorCode.NOT_ALLOWED_IN_STATE


class Unsupported(DomainError):
    """Known, and not possible for this kind of thing."""

    code = ErrorCode.UNSUPPORTED


class Problems(MusterError):
    """Several mistakes in one input, each told."""

    def __init__(self, errors: Sequence[DomainError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = tuple(errors)

    def under(self, *prefix: str | int) -> "Problems":
        """The same problems, their paths seen from one level further out."""
        return Problems([error.under(*prefix) for error in self.errors])


@contextmanager
def at(*prefix: str | int) -> Iterator[None]:
    """Mistakes raised inside lie below `prefix`: `with at("input"): ...`."""
    try:
        yield
    except (DomainError, Problems) as error:
        raise error.under(*prefix) from None


class Refusal(MusterError):
    """Refused as a whole; nothing in the input could be mended."""


class Unauthenticated(Refusal):
    """The caller is not known, or no longer."""


class Forbidden(Refusal):
    """The caller is known and may not do this."""


class Throttled(Refusal):
    """Too much in too short a time. `retry_after_seconds` says when to try again."""

    def __init__(self, message: str, retry_after_seconds: float) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
