"""Who is asking: from a bearer token to the scope that it stands for now.

PostgreSQL is asked for every operation, so that a change of role or a revoked token takes effect on the next one. It is cheap all
the same: operations of one bearer that arrive while a look-up is under way share the next one.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from models.accounts.sessions import Signing, find_scope
from models.errors import Unauthenticated
from permissions.principal import Scope

REFUSED: Final = "the bearer token is not good, or no longer: sign in again"


def bearer_of(authorization: str | None) -> str | None:
    """The bearer token in an Authorization header; None without a header. Raises Unauthenticated for any other kind."""
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise Unauthenticated("the Authorization header is not understood: send `Bearer <token>`")
    return token


@dataclass(slots=True)
class Authenticator:
    """Finds the scopes behind bearer tokens."""

    signing: Signing
    find: Callable[[str, Signing], Awaitable[Scope | None]] = find_scope
    waiting: dict[str, asyncio.Future[Scope | None]] = field(default_factory=dict)
    under_way: dict[str, asyncio.Task[None]] = field(default_factory=dict)

    async def scope_of(self, bearer: str, request_id: str, address: str | None) -> Scope:
        """The scope that the token stands for at this moment. Raises Unauthenticated when it stands for none."""
        scope = await self._look_up(bearer)
        if scope is None:
            raise Unauthenticated(REFUSED)
        return Scope(scope.workspace_id, scope.principal, scope.timezone, scope.default_country, request_id, address)

    async def _look_up(self, bearer: str) -> Scope | None:
        """Wait for a look-up that begins after now."""
        answer = self.waiting.get(bearer)
        if answer is None:
            answer = self.waiting[bearer] = asyncio.get_running_loop().create_future()
            if bearer not in self.under_way:
                self.under_way[bearer] = asyncio.ensure_future(self._serve(bearer))
        return await asyncio.shield(answer)

    async def _serve(self, bearer: str) -> None:
        """Look up for all who wait, and again for those who came meanwhile."""
        try:
            while bearer in self.waiting:
                answer = self.waiting.pop(bearer)
                try:
                    answer.set_result(await self.find(bearer, self.signing))
                except Exception as error:  # noqa: BLE001 - each who waits is told
                    answer.set_exception(error)
        finally:
            del self.under_way[bearer]
