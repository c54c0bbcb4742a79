"""How errors look to the caller. Unexpected errors are logged and hidden behind the request id."""

import traceback
from collections.abc import Iterable
from typing import Any, Final

import structlog
from graphql import GraphQLError

from models import db
from models.db import Busy, TimedOut
from models.errors import DomainError, Forbidden, Problems, Refusal, Throttled, Unauthenticated
from schema.server.refusals import Abandoned, BadRequest, CostExceeded, PersistedQueryNotFound, Rejected, SlowConsumer

log = structlog.get_logger("muster.api")

FormattedError = dict[str, Any]
"""Message, locations, path, extensions."""

_CODES: Final[dict[type[Exception], str]] = {
    Unauthenticated: "UNAUTHENTICATED",
    Forbidden: "FORBIDDEN",
    Throttled: "THROTTLED",
    CostExceeded: "COST_EXCEEDED",
    SlowConsumer: "SLOW_CONSUMER",
    Abandoned: "ABANDONED",
    BadRequest: "BAD_REQUEST",
    PersistedQueryNotFound: "PERSISTED_QUERY_NOT_FOUND",
}

BAD_REQUEST: Final = "BAD_REQUEST"
INTERNAL: Final = "INTERNAL"
TIMEOUT: Final = "TIMEOUT"
UNAVAILABLE: Final = "UNAVAILABLE"

AWAY: Final = "the database does not answer: try again in a moment"


def format_errors(errors: Iterable[Exception], request_id: str) -> list[FormattedError]:
    return [formatted for error in errors for formatted in format_error(error, request_id)]


def format_error(error: Exception, request_id: str) -> list[FormattedError]:
    if isinstance(error, Rejected):
        return [_rejection(reason) for reason in error.errors]
    cause = _cause(error)
    if isinstance(cause, Problems):
        return [_formatted(error, problem.message, _extensions_of(problem)) for problem in cause.errors]
    if isinstance(cause, DomainError):
        return [_formatted(error, cause.message, _extensions_of(cause))]
    if isinstance(cause, Refusal):
        return [_formatted(error, str(cause), _extensions_of_refusal(cause))]
    if isinstance(cause, RecursionError):
        return [_formatted(error, "this is nested too deeply", {"code": BAD_REQUEST})]
    if isinstance(cause, TimedOut):
        return [_formatted(error, "this took too long and was stopped: ask for less at once", {"code": TIMEOUT})]
    if isinstance(cause, Busy):
        return [_formatted(error, "others were at work on the same: nothing was changed, try again", {"code": TIMEOUT})]
    if isinstance(cause, GraphQLError) and not _is_server_fault(cause):
        return [_formatted(error, cause.message, {"code": BAD_REQUEST, **(cause.extensions or {})})]
    if db.logged_as_outage(cause):
        return [_formatted(error, AWAY, {"code": UNAVAILABLE, "retryAfterSeconds": 1})]
    return [_hidden(error, cause, request_id)]


def _rejection(reason: Exception) -> FormattedError:
    extensions = {"code": BAD_REQUEST, **(getattr(reason, "extensions", None) or {})}
    return _formatted(reason, str(getattr(reason, "message", reason)), extensions)


def _cause(error: Exception) -> Exception:
    while isinstance(error, GraphQLError) and isinstance(error.original_error, Exception):
        error = error.original_error
    return error


def _is_server_fault(error: GraphQLError) -> bool:
    """A resolver returned a wrong value; graphql-core says so only by the message."""
    return error.message.startswith(("Abstract type", "Runtime Object type", "Expected Iterable"))


def _extensions_of(problem: DomainError) -> dict[str, Any]:
    extensions: dict[str, Any] = {"code": BAD_REQUEST, "reason": problem.code.value}
    if problem.path is not None:
        extensions["field"] = list(problem.path)
    return extensions


def _extensions_of_refusal(refusal: Refusal) -> dict[str, Any]:
    code = next((code for kind, code in _CODES.items() if isinstance(refusal, kind)), BAD_REQUEST)
    extensions: dict[str, Any] = {"code": code}
    if isinstance(refusal, Throttled):
        extensions["retryAfterSeconds"] = refusal.retry_after_seconds
    if isinstance(refusal, SlowConsumer) and refusal.cursor is not None:
        extensions["cursor"] = refusal.cursor
    return extensions


def _hidden(error: Exception, cause: Exception, request_id: str) -> FormattedError:
    log.error(
        "unexpected error",
        request_id=request_id,
        path=".".join(map(str, getattr(error, "path", None) or ())),
        error=type(cause).__name__,
        trace="".join(traceback.format_exception(cause)),
    )
    message = f"something went wrong on our side: if you tell us, name the request {request_id}"
    return _formatted(error, message, {"code": INTERNAL, "requestId": request_id})


def _formatted(error: Exception, message: str, extensions: dict[str, Any]) -> FormattedError:
    formatted: FormattedError = {"message": message}
    if isinstance(error, GraphQLError):
        if error.locations:
            formatted["locations"] = [{"line": at.line, "column": at.column} for at in error.locations]
        if error.path is not None:
            formatted["path"] = list(error.path)
    formatted["extensions"] = extensions
    return formatted
