"""Looks things up for all tasks that wait, in one statement at a time.

Requests that read one row each then share a round trip: its system calls cost more than the rows.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

from models.db.shares import run_for_nobody

MOST_AT_ONCE: Final = 1_000
"""The most keys in one look-up."""

Group = TypeVar("Group", bound=Hashable)
Key = TypeVar("Key", bound=Hashable)
Found = TypeVar("Found")

_Waiting = list[tuple[Key, "asyncio.Future[Found | None]"]]


@dataclass(slots=True)
class BatchedLookups(Generic[Group, Key, Found]):
    """`find` returns what it finds of the keys of a group. It is called outside of transactions, and once at a time per group.

    Its statements run for nobody (models/db/shares.py), unless it says otherwise.
    """

    find: Callable[[Group, Collection[Key]], Awaitable[Mapping[Key, Found]]]
    waiting: dict[Group, "_Waiting[Key, Found]"] = field(default_factory=dict)
    """By group, for as long as a look-up is under way."""
    looking: set["asyncio.Task[None]"] = field(default_factory=set)

    async def get(self, group: Group, key: Key) -> Found | None:
        """Waits for a look-up that begins after now, and so sees what was committed before. Raises what `find` raises."""
        answer: asyncio.Future[Found | None] = asyncio.get_running_loop().create_future()
        waiting = self.waiting.get(group)
        if waiting is not None:
            waiting.append((key, answer))
        else:
            self.waiting[group] = [(key, answer)]
            # The task starts in the next iteration of the event loop, with all who ask in this one.
            task = asyncio.ensure_future(self._serve(group))
            self.looking.add(task)
            task.add_done_callback(self.looking.discard)
        return await answer

    async def _serve(self, group: Group) -> None:
        """Looks up for all that wait, and again for those that ask meanwhile."""
        run_for_nobody()  # not for the caller whose request began this task
        try:
            while waiting := self.waiting[group]:
                self.waiting[group] = waiting[MOST_AT_ONCE:]
                await self._answer(group, waiting[:MOST_AT_ONCE])
        finally:
            del self.waiting[group]

    async def _answer(self, group: Group, served: "_Waiting[Key, Found]") -> None:
        try:
            found = await self.find(group, {key for key, _ in served})
        except Exception as error:  # noqa: BLE001 - each task that waits gets it
            for _, answer in served:
                if not answer.done():  # a cancelled task's is
                    answer.set_exception(error)
            return
        for key, answer in served:
            if not answer.done():
                answer.set_result(found.get(key))
