"""Follows rows of one kind, such as broadcasts: each subscriber gets the row anew, read in its own scope, when it has changed."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Mapping
from contextlib import aclosing
from typing import Any, Final, Generic, TypeVar

from permissions.principal import Scope
from schema.server.subscriptions.progress_watch import LOOK_SECONDS, Key, ProgressWatch

Row = TypeVar("Row")

Look = Callable[[Mapping[Key, Any]], Awaitable[Mapping[Key, Hashable]]]
"""Takes what was seen last of each key, None at first. Gives what is to be seen now; nothing of a row that is gone."""

_GONE: Final = "gone"


class FollowedRows(Generic[Row]):
    """`what` is for the log. `get` reads a row by its id, and raises NotFound. At most one event in `seconds`."""

    def __init__(
        self,
        what: str,
        look: Look,
        get: Callable[[Scope, int], Awaitable[Row]],
        *,
        has_ended: Callable[[Row], bool] = lambda _: False,
        seconds: float = LOOK_SECONDS,
    ) -> None:
        self._look, self._get, self._has_ended = look, get, has_ended
        self._watch = ProgressWatch[Hashable, None](what, self._look_at, seconds)

    async def follow(self, scope: Scope, row_id: int) -> AsyncGenerator[Row, None]:
        """The row now, then after each change until it has ended. Raises NotFound, also when it is deleted meanwhile."""
        row = await self._get(scope, row_id)
        yield row
        if self._has_ended(row):
            return
        async with aclosing(self._watch.follow((scope.workspace_id, row_id))) as changes:
            async for _ in changes:
                row = await self._get(scope, row_id)
                yield row
                if self._has_ended(row):
                    return

    async def _look_at(self, seen: Mapping[Key, Hashable | None]) -> dict[Key, tuple[Hashable, None]]:
        found = await self._look({key: None if last == _GONE else last for key, last in seen.items()})
        return {key: (found.get(key, _GONE), None) for key in seen}
