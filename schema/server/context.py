"""What resolvers know about the operation that they serve."""

from dataclasses import dataclass, field
from typing import Any

import strawberry

from models.accounts.sessions import Signing
from permissions.principal import Scope
from schema.server.cookies import NewCookies
from schema.server.signed_links import LinkSigner


@dataclass(slots=True)
class Context:
    """`scope` is None for a caller who is not signed in; `batches` holds the open batches of batched fields.

    `cookies` is None where none can be set. `by_cookie`: the caller has its session by a cookie. `device` is the token of a
    known device.
    `selections` keeps what `lookahead.selected` found, for all operations with the same document and switches.
    """

    scope: Scope | None
    request_id: str
    address: str | None = None
    signing: Signing | None = None
    links: LinkSigner | None = None
    cookies: NewCookies | None = None
    by_cookie: bool = False
    device: str | None = None
    batches: dict[Any, Any] = field(default_factory=dict)
    selections: dict[Any, frozenset[str]] = field(default_factory=dict)


Info = strawberry.Info[Context, None]
