"""Reads an HTTP request: headers, body, and the GraphQL request in it."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl

from models.errors import Unauthenticated
from models.values.numbers import read_json
from schema.server.authentication import bearer_of
from schema.server.cookies import CookieNames, Origins, cookies_of
from schema.server.graphql_request import Caller, GraphQLRequest
from schema.server.refusals import BadRequest
from schema.server.time_limits import TimeLimit

Scope = Mapping[str, Any]

BODY_LIMIT: Final = TimeLimit(60.0)
"""How long a whole body may take."""

NOSNIFF: Final = (b"x-content-type-options", b"nosniff")
"""Every answer has this header, so that no browser takes it for another type."""

_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_.-]{8,64}")


class TooLarge(BadRequest):
    """The body is too large (status 413)."""


class TooLate(BadRequest):
    """The body does not come to its end in time (status 408)."""


class Unreadable(BadRequest):
    """The API does not read bodies of this type (status 415)."""


@dataclass(slots=True)
class Headers:
    accept: str | None = None
    accept_encoding: str | None = None
    authorization: str | None = None
    content_length: str | None = None
    content_type: str | None = None
    cookie: str | None = None
    fetch_site: str | None = None
    host: str | None = None
    origin: str | None = None
    stream_token: str | None = None
    request_id: str | None = None


_NAMES: Final = {
    b"accept": "accept",
    b"accept-encoding": "accept_encoding",
    b"authorization": "authorization",
    b"content-length": "content_length",
    b"content-type": "content_type",
    b"cookie": "cookie",
    b"host": "host",
    b"origin": "origin",
    b"sec-fetch-site": "fetch_site",
    b"x-graphql-event-stream-token": "stream_token",
    b"x-request-id": "request_id",
}


def headers_of(scope: Scope) -> Headers:
    headers = Headers()
    for name, value in scope["headers"]:
        attribute = _NAMES.get(name)
        if attribute is not None:
            setattr(headers, attribute, value.decode("latin-1"))
    return headers


def caller_of(scope: Scope, headers: Headers) -> Caller:
    """Takes the request id of the header when that is well formed, else makes a new one."""
    given = headers.request_id
    request_id = given if given is not None and _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    client = scope.get("client")
    caller = Caller(request_id, address=client[0] if client else None)
    try:
        caller.bearer = bearer_of(headers.authorization)
    except Unauthenticated as refusal:
        caller.refusal = refusal
    return caller


def use_cookies(caller: Caller, headers: Headers, names: CookieNames, origins: Origins) -> None:
    """A session's cookie stands for a bearer token when the request comes from an allowed origin."""
    if headers.cookie is None:
        return
    cookies = cookies_of(headers.cookie)
    caller.device = cookies.get(names.device)
    session = cookies.get(names.session)
    if session is None or caller.bearer is not None or caller.refusal is not None:
        return
    caller.bearer, caller.by_cookie = session, True
    if not _may_use_cookies(headers, origins):
        caller.refusal = Unauthenticated(
            "a session's cookie is taken only from the API's own pages and from the origins in MUSTER_ALLOWED_ORIGINS:"
            " send a bearer token instead"
        )


def _may_use_cookies(headers: Headers, origins: Origins) -> bool:
    """Browsers send no Origin when a page reads from its own server, but say that it is its own."""
    if headers.origin is None:
        return headers.fetch_site == "same-origin"
    return origins.allows_cookies(headers.origin, headers.host)


def watch_client(caller: Caller, receive: Any) -> None:
    """Says how to wait for the end of the client, once its whole request was read."""
    caller.gone = partial(_disconnected, receive)


async def _disconnected(receive: Any) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def body_of(headers: Headers, receive: Any, most_bytes: int, limit: TimeLimit = BODY_LIMIT) -> bytes:
    """Returns the whole body. Raises TooLarge or TooLate when it has more bytes or takes more seconds than these."""
    declared = headers.content_length
    if declared is not None and declared.isdigit() and int(declared) > most_bytes:
        raise _too_large(most_bytes)
    try:
        with limit.block():
            return await _body(receive, most_bytes)
    except TimeoutError:
        raise TooLate(f"the body did not come to its end within {limit.seconds:g} seconds") from None


async def _body(receive: Any, most_bytes: int) -> bytes:
    message = await receive()
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts = [body]
        size = len(body)
        while message.get("more_body") and size <= most_bytes:
            message = await receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
        body = b"".join(parts)
    if len(body) > most_bytes:
        raise _too_large(most_bytes)
    return body


def _too_large(most_bytes: int) -> TooLarge:
    return TooLarge(f"the body is larger than {most_bytes} bytes, which is the most that is taken")


def check_type(headers: Headers) -> None:
    """The body must be JSON in UTF-8. Raises Unreadable."""
    given = headers.content_type
    if given == "application/json":
        return
    kind, _, parameters = (given or "").partition(";")
    if kind.strip().lower() != "application/json":
        raise Unreadable("send the request as JSON, with the header `Content-Type: application/json`")
    charset = re.search(r"charset\s*=\s*\"?([\w-]+)", parameters, re.IGNORECASE)
    if charset is not None and charset[1].lower() not in ("utf-8", "utf8"):
        raise Unreadable("send the request in UTF-8")


def params_of_body(body: bytes) -> dict[str, Any]:
    """Raises BadRequest when the body is not one JSON object."""
    try:
        params = read_json(body)
    except ValueError:
        raise BadRequest("the body is not JSON (in UTF-8)") from None
    if not isinstance(params, dict):
        raise BadRequest("the body must be one JSON object with the member `query`; several at once are not taken")
    return params


def params_of_url(scope: Scope) -> dict[str, Any]:
    """Reads `variables` and `extensions` as JSON. Raises BadRequest when the URL cannot be read."""
    try:
        params: dict[str, Any] = dict(
            parse_qsl(scope["query_string"].decode(), keep_blank_values=True, max_num_fields=20)
        )
    except ValueError:
        raise BadRequest("the URL's query string is not understood") from None
    for name in ("variables", "extensions"):
        if name in params:
            try:
                params[name] = read_json(params[name])
            except ValueError:
                raise BadRequest(f"`{name}` in the URL is not JSON") from None
    return params


def graphql_request_of(params: Mapping[str, Any]) -> GraphQLRequest:
    """Raises BadRequest when a parameter is missing or has the wrong type."""
    query, name = params.get("query"), params.get("operationName")
    variables, extensions = params.get("variables"), params.get("extensions")
    digest = _digest_in(extensions)
    if query is None and digest is not None:
        query = ""
    if not isinstance(query, str):
        raise BadRequest("`query` must be there: the text of a GraphQL document")
    if name is not None and not isinstance(name, str):
        raise BadRequest("`operationName` must be a text or null")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest("`variables` must be an object or null")
    if extensions is not None and not isinstance(extensions, dict):
        raise BadRequest("`extensions` must be an object or null")
    return GraphQLRequest(query, name or None, variables or {}, digest)


def _digest_in(extensions: Any) -> str | None:
    """Returns the digest of a persisted query of Apollo's clients. Raises BadRequest when it is not understood."""
    persisted = extensions.get("persistedQuery") if isinstance(extensions, dict) else None
    if persisted is None:
        return None
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise BadRequest("`extensions.persistedQuery` must be an object with `version` 1")
    digest = persisted.get("sha256Hash")
    if not isinstance(digest, str):
        raise BadRequest("`extensions.persistedQuery.sha256Hash` must be a text of hexadecimal digits")
    return digest
