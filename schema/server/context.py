"""What a resolver knows about the operation that it serves."""

from dataclasses import dataclass, field
from typing import Any

import strawberry

from models.accounts.sessions import Signing
from permissions.principal import Scope
from schema.server.signed_links import LinkSigner


@dataclass(slots=True)
class Context:
    """One operation: who asks (None: nobody signed in), under which request id, from which address.

    Made anew for each operation, also for each on a WebSocket. `signing` is how signIn signs; `links` make addresses
    for files; `batches` is where batched fields meet.
    """

    scope: Scope | None
    request_id: str
    address: str | None = None
    signing: Signing | None = None
    links: LinkSigner | None = None
    batches: dict[Any, Any] = field(default_factory=dict)


Info = strawberry.Info[Context, None]
"""The second parameter of a resolver."""
