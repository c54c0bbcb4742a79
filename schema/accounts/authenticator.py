"""From a bearer token to its present scope.

Each operation asks PostgreSQL, so that a changed role or revoked token has effect on the next one. Operations that arrive
during a look-up share the next look-up (ADR 56).
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from models import db
from models.accounts.scopes import find_scopes
from models.accounts.sessions import Signing
from models.errors import Unauthenticated
from permissions.principal import Scope

MOST_AT_ONCE: Final = 1_000
"""The most operations in one look-up."""

REFUSED: Final = "the bearer token is not good, or no longer: sign in again"


@dataclass(slots=True)
class BatchingAuthenticator:
    """One look-up at a time, for all operations that wait."""

    signing: Signing
    find: Callable[[Collection[str], Signing], Awaitable[Mapping[str, Scope]]] = find_scopes
    waiting: list[tuple[str, asyncio.Future[Scope | None]]] = field(default_factory=list)
    looking: asyncio.Task[None] | None = None

    async def scope_of(self, bearer: str, request_id: str, address: str | None) -> Scope:
        """Raises Unauthenticated when the token is not valid now."""
        scope = await self._look_up(bearer)
        if scope is None:
            raise Unauthenticated(REFUSED)
        of = scope  # by position: dataclasses.replace takes twice as long
        return Scope(of.workspace_id, of.principal, of.timezone, of.default_country, request_id, address, of.session_id)

    async def _look_up(self, bearer: str) -> Scope | None:
        """Waits for a look-up that begins after now."""
        answer: asyncio.Future[Scope | None] = asyncio.get_running_loop().create_future()
        self.waiting.append((bearer, answer))
        if self.looking is None:
            # The task starts in the next iteration of the event loop, with all operations of this one.
            self.looking = asyncio.ensure_future(self._serve())
        return await answer

    async def _serve(self) -> None:
        """Look up for all that wait, and again for those that arrive meanwhile."""
        db.run_for_nobody()  # not for the caller whose operation began this task
        try:
            while self.waiting:
                served, self.waiting = self.waiting[:MOST_AT_ONCE], self.waiting[MOST_AT_ONCE:]
                await self._answer(served)
        finally:
            self.looking = None

    async def _answer(self, served: list[tuple[str, asyncio.Future[Scope | None]]]) -> None:
        try:
            found = await self.find({bearer for bearer, _ in served}, self.signing)
        except Exception as error:  # noqa: BLE001 - each operation that waits gets it
            for _, answer in served:
                if not answer.done():  # a cancelled operation is
                    answer.set_exception(error)
            return
        for bearer, answer in served:
            if not answer.done():
                answer.set_result(found.get(bearer))
