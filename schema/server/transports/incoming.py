"""What comes in on a WebSocket: messages of graphql-transport-ws, or a reason to close it."""

from typing import Any

import orjson

from schema.server.authentication import bearer_of
from schema.server.graphql_request import Caller, GraphQLRequest
from schema.server.refusals import BadRequest
from schema.server.transports.request import asked_of


class Close(Exception):
    """The socket is to be closed, with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def read(message: Any, most_bytes: int) -> dict[str, Any]:
    """A message of ASGI as the JSON object that it carries. Raises Close."""
    text = message.get("text")
    if text is None:
        raise Close(4400, "messages are texts")
    if len(text) > most_bytes:
        raise Close(1009, f"a message is at most {most_bytes} bytes long")
    try:
        found = orjson.loads(text)
    except ValueError:
        raise Close(4400, "a message is not JSON") from None
    if not isinstance(found, dict):
        raise Close(4400, "a message is not an object")
    return found


def take_bearer(caller: Caller, payload: Any) -> None:
    """The bearer token in the payload of connection_init, which goes before the one in the header. Raises Close."""
    if payload is not None and not isinstance(payload, dict):
        raise Close(4400, "the payload of connection_init must be an object")
    for name, value in (payload or {}).items():
        if name.lower() == "authorization" and value is not None:
            if not isinstance(value, str):
                raise Close(4400, "`authorization` must be a text: `Bearer <token>`")
            caller.refusal = None
            caller.bearer = bearer_of(value)


def asked_for(message: dict[str, Any]) -> tuple[str, GraphQLRequest]:
    """The id and the operation of a `subscribe`. Raises Close."""
    number, payload = message.get("id"), message.get("payload")
    if not isinstance(number, str) or not number or not isinstance(payload, dict):
        raise Close(4400, "`subscribe` needs an `id` and a `payload`")
    try:
        return number, asked_of(payload)
    except BadRequest as error:
        raise Close(4400, str(error)) from None
