"""One operation: the request, its caller, its run and the answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql.execution.values import VariableValues

from models.db import Share
from models.errors import Unauthenticated
from schema.server.abandonment import Gone
from schema.server.context import Context
from schema.server.execution.documents import Document, Operation
from schema.server.formatted_errors import FormattedError
from schema.server.throttle import Allowance

STATUS: Final = {
    "BAD_REQUEST": 400,
    "PERSISTED_QUERY_NOT_FOUND": 200,
    "COST_EXCEEDED": 400,
    "ABANDONED": 499,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "THROTTLED": 429,
    "INTERNAL": 500,
    "TIMEOUT": 503,
    "UNAVAILABLE": 503,
}
"""By the first error code."""


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """`query` is empty when only `digest`, the SHA-256 of the text, was sent."""

    query: str
    operation_name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    digest: str | None = None


@dataclass(slots=True)
class Caller:
    """The client of a request, before authentication."""

    request_id: str
    bearer: str | None = None
    address: str | None = None
    refusal: Unauthenticated | None = None
    """The Authorization header was not understood, or a cookie came from an origin that is not allowed."""

    by_cookie: bool = False
    """`bearer` is that of a cookie."""

    device: str | None = None
    """The cookie of a known device."""

    gone: Gone | None = None
    """Set when the transport can tell that the client has gone: a query ends with it."""


@dataclass(slots=True)
class Answer:
    payload: dict[str, Any]
    status: int = 200
    retry_after_seconds: float | None = None
    cookies: Sequence[str] = ()
    """Values of `Set-Cookie`."""

    @property
    def retry_header(self) -> list[tuple[bytes, bytes]]:
        seconds = self.retry_after_seconds
        return [] if seconds is None else [(b"retry-after", str(max(1, round(seconds))).encode())]


def refused(errors: list[FormattedError]) -> Answer:
    first = errors[0]["extensions"]
    return Answer({"errors": errors}, STATUS.get(first["code"], 400), first.get("retryAfterSeconds"))


class OperationEnded(Exception):
    """The server ended a subscription."""

    def __init__(self, errors: list[FormattedError]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors


@dataclass(slots=True)
class OperationRun:
    """The last five fields are set at the admission."""

    request: GraphQLRequest
    caller: Caller
    context: Context
    started_at: float
    """By time.perf_counter."""

    requested: int = 0
    """In points."""

    document: Document = field(init=False)
    operation: Operation = field(init=False)
    variables: VariableValues = field(init=False)
    allowance: Allowance = field(init=False)
    share: Share = field(init=False)

    @property
    def type_and_label(self) -> tuple[str, str | None]:
        """ "none" and None before the document is known."""
        operation: Operation | None = getattr(self, "operation", None)
        return ("none", None) if operation is None else (operation.type.value, operation.label)
