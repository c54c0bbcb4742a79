"""Refusals of the API itself; those of the domain are in models/errors.py."""

from collections.abc import Sequence

from models.errors import Refusal


class BadRequest(Refusal):
    """The API does not understand the request."""


class PersistedQueryNotFound(Refusal):
    """The client has to send the text with the digest. The message is a part of Apollo's protocol."""

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class CostExceeded(Refusal):
    """The operation asks for more than one operation may cost."""


class Abandoned(Refusal):
    """The client has gone. Nobody reads the answer; the log and the figures have its code."""

    def __init__(self) -> None:
        super().__init__("the client has gone before the answer was there")


class SlowConsumer(Refusal):
    """The client may subscribe again after `cursor`; its socket stays open."""

    def __init__(self, cursor: str | None = None) -> None:
        super().__init__("you read more slowly than things happen: subscribe again, after the cursor given here")
        self.cursor = cursor


class Rejected(Refusal):
    def __init__(self, errors: Sequence[Exception]) -> None:
        super().__init__("the request cannot be run")
        self.errors = errors
