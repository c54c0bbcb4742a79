"""Who is asking: from a bearer token to the scope that it stands for now.

PostgreSQL is asked for every operation, so that a change of role or a revoked token takes effect on the next one. It is cheap all
the same: operations that arrive while a look-up is under way share the next one, of all callers (ADR 56).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from models.accounts.scopes import find_scopes
from models.accounts.sessions import Signing
from models.errors import Unauthenticated
from permissions.principal import Scope

MOST_AT_ONCE: Final = 1_000
"""Operations that one look-up answers."""

REFUSED: Final = "the bearer token is not good, or no longer: sign in again"


@dataclass(slots=True)
class BatchingAuthenticator:
    """Finds the scopes behind bearer tokens: one look-up at a time, for all who wait for it."""

    signing: Signing
    find: Callable[[Collection[str], Signing], Awaitable[Mapping[str, Scope]]] = find_scopes
    waiting: list[tuple[str, asyncio.Future[Scope | None]]] = field(default_factory=list)
    looking: asyncio.Task[None] | None = None

    async def scope_of(self, bearer: str, request_id: str, address: str | None) -> Scope:
        """The scope that the token stands for at this moment. Raises Unauthenticated when it stands for none."""
        scope = await self._look_up(bearer)
        if scope is None:
            raise Unauthenticated(REFUSED)
        return Scope(scope.workspace_id, scope.principal, scope.timezone, scope.default_country, request_id, address)

    async def _look_up(self, bearer: str) -> Scope | None:
        """Wait for a look-up that begins after now."""
        answer: asyncio.Future[Scope | None] = asyncio.get_running_loop().create_future()
        self.waiting.append((bearer, answer))
        if self.looking is None:
            # It begins in the next turn of the event loop, when all that has arrived in this one is known.
            self.looking = asyncio.ensure_future(self._serve())
        return await answer

    async def _serve(self) -> None:
        """Look up for all who wait, and again for those who came meanwhile."""
        try:
            while self.waiting:
                served, self.waiting = self.waiting[:MOST_AT_ONCE], self.waiting[MOST_AT_ONCE:]
                await self._answer(served)
        finally:
            self.looking = None

    async def _answer(self, served: list[tuple[str, asyncio.Future[Scope | None]]]) -> None:
        try:
            found = await self.find({bearer for bearer, _ in served}, self.signing)
        except Exception as error:  # noqa: BLE001 - each who waits is told
            for _, answer in served:
                if not answer.done():  # who gave up waiting is
                    answer.set_exception(error)
            return
        for bearer, answer in served:
            if not answer.done():
                answer.set_result(found.get(bearer))
