"""Messages from a client of graphql-transport-ws, or the reason to close its WebSocket."""

from typing import Any

from models.values.numbers import read_json
from schema.server.authentication import bearer_of
from schema.server.graphql_request import Caller, GraphQLRequest
from schema.server.refusals import BadRequest
from schema.server.transports.http_request import graphql_request_of


class Close(Exception):
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def read(message: Any, most_bytes: int) -> dict[str, Any]:
    """Returns the JSON object of a message. Raises Close when it has none or is too long."""
    text = message.get("text")
    if text is None:
        raise Close(4400, "messages are texts")
    if len(text) > most_bytes:
        raise Close(1009, f"a message is at most {most_bytes} bytes long")
    try:
        content = read_json(text)
    except ValueError:
        raise Close(4400, "a message is not JSON") from None
    if not isinstance(content, dict):
        raise Close(4400, "a message is not an object")
    return content


def read_bearer(caller: Caller, payload: Any) -> None:
    """The bearer token of connection_init replaces that of the header. Raises Close."""
    if payload is not None and not isinstance(payload, dict):
        raise Close(4400, "the payload of connection_init must be an object")
    value = _authorization_in(payload or {})
    if value is None:
        return
    if not isinstance(value, str):
        raise Close(4400, "`authorization` must be a text: `Bearer <token>`")
    caller.refusal, caller.by_cookie = None, False
    caller.bearer = bearer_of(value)


def _authorization_in(payload: dict[str, Any]) -> Any:
    """Looks also into `headers`, since some clients nest what they would send over HTTP. Raises Close."""
    headers = payload.get("headers") or {}
    if not isinstance(headers, dict):
        raise Close(4400, "`headers` in the payload of connection_init must be an object")
    named = (value for part in (payload, headers) for name, value in part.items() if name.lower() == "authorization")
    return next((value for value in named if value is not None), None)


def read_subscribe(message: dict[str, Any]) -> tuple[str, GraphQLRequest]:
    """Returns the operation's id and the request. Raises Close."""
    operation_id, payload = message.get("id"), message.get("payload")
    if not isinstance(operation_id, str) or not operation_id or not isinstance(payload, dict):
        raise Close(4400, "`subscribe` needs an `id` and a `payload`")
    try:
        return operation_id, graphql_request_of(payload)
    except BadRequest as error:
        raise Close(4400, str(error)) from None
