"""Refusals at the top level that belong to the API itself rather than to the domain."""

from collections.abc import Sequence

from models.errors import Refusal


class BadRequest(Refusal):
    """The request is not one that the API understands."""


class CostExceeded(Refusal):
    """This one operation asks for more than any operation may."""


class SlowConsumer(Refusal):
    """The reader of a subscription does not keep up; it can go on from `cursor` when it has caught its breath.

    Raised by a feed whose queue for this reader is full. The operation ends with the code SLOW_CONSUMER and the cursor in
    its extensions; the socket, and its other operations, go on.
    """

    def __init__(self, cursor: str | None = None) -> None:
        super().__init__("you read more slowly than things happen: subscribe again, after the cursor given here")
        self.cursor = cursor


class Rejected(Refusal):
    """Several errors of a request that cannot be run."""

    def __init__(self, errors: Sequence[Exception]) -> None:
        super().__init__("the request cannot be run")
        self.errors = errors
