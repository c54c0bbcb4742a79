"""From a bearer token to its present scope.

Each operation asks PostgreSQL, so that a changed role or revoked token has effect on the next one. Operations that arrive
during a look-up share the next look-up (ADR 56). On a cluster only those share one whose workspaces lie on the same node, so that
a node that is lost fails nobody else.
"""

from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Final

from models import db
from models.accounts.scopes import find_scopes, workspace_named_by
from models.accounts.sessions import Signing
from models.errors import Unauthenticated
from permissions.principal import Scope

REFUSED: Final = "the bearer token is not good, or no longer: sign in again"


@dataclass(slots=True)
class BatchingAuthenticator:
    """One look-up at a time and node, for all operations that wait."""

    signing: Signing
    find: Callable[[Collection[str], Signing], Awaitable[Mapping[str, Scope]]] = find_scopes
    lookups: db.BatchedLookups[Hashable, str, Scope] = field(init=False)

    def __post_init__(self) -> None:
        self.lookups = db.BatchedLookups(self._find)

    async def scope_of(self, bearer: str, request_id: str, address: str | None) -> Scope:
        """Raises Unauthenticated when the token is not valid now."""
        workspace_id = workspace_named_by(bearer, self.signing)
        node = None if workspace_id is None else db.known_node_of(workspace_id)
        scope = await self.lookups.get(node, bearer)
        if scope is None:
            raise Unauthenticated(REFUSED)
        of = scope  # by position: dataclasses.replace takes twice as long
        return Scope(of.workspace_id, of.principal, of.timezone, of.default_country, request_id, address, of.session_id)

    async def _find(self, _: Hashable, bearers: Collection[str]) -> Mapping[str, Scope]:
        return await self.find(bearers, self.signing)
