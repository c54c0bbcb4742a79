"""One operation on its way: how it came, who asks, what was found out about it, and how it is answered."""

from dataclasses import dataclass, field
from typing import Any, Final

from graphql.execution.values import VariableValues

from models.errors import Unauthenticated
from schema.server.context import Context
from schema.server.execution.documents import Document, Operation
from schema.server.formatted_errors import FormattedError
from schema.server.throttle import Lease

STATUS: Final = {
    "BAD_REQUEST": 400,
    "COST_EXCEEDED": 400,
    "UNAUTHENTICATED": 401,
    "FORBIDDEN": 403,
    "THROTTLED": 429,
    "INTERNAL": 500,
    "TIMEOUT": 503,
}
"""The HTTP status of an operation that was refused before it ran, by its first code."""


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """An operation as it came."""

    query: str
    operation_name: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Caller:
    """Who asks, before anybody looked: the bearer token, and from where."""

    request_id: str
    bearer: str | None = None
    address: str | None = None
    refusal: Unauthenticated | None = None
    """Set when there was a header that made no sense."""


@dataclass(slots=True)
class Answer:
    """A response: `status` is for transports that have one."""

    payload: dict[str, Any]
    status: int = 200
    retry_after_seconds: float | None = None


def refused(errors: list[FormattedError]) -> Answer:
    """The answer to an operation that was not run."""
    first = errors[0]["extensions"]
    return Answer({"errors": errors}, STATUS.get(first["code"], 400), first.get("retryAfterSeconds"))


class OperationEnded(Exception):
    """A subscription was ended by us: `errors` say why, `code` is the first one's."""

    def __init__(self, errors: list[FormattedError]) -> None:
        super().__init__(errors[0]["message"])
        self.errors = errors
        self.code: str = errors[0]["extensions"]["code"]


@dataclass(slots=True)
class OperationRun:
    """One operation from its arrival to its line in the log. The last four are set when it is admitted."""

    asked: GraphQLRequest
    caller: Caller
    context: Context
    started: float
    requested: int = 0
    document: Document = field(init=False)
    operation: Operation = field(init=False)
    variables: VariableValues = field(init=False)
    lease: Lease = field(init=False)

    @property
    def what(self) -> tuple[str, str | None]:
        """Its type and what it is called, as far as they are known."""
        operation: Operation | None = getattr(self, "operation", None)
        return ("none", None) if operation is None else (operation.type.value, operation.label)
