"""Shares the pool's connections fairly among the callers that statements run for.

Without it, one caller with many parallel queries takes every connection, and all others wait behind it. A caller holds at most
CALLER_PART of the connections at a time and a workspace at most WORKSPACE_PART, so that one is always left for others. Those who
wait are served by turns: one of each workspace, and in a workspace one of each caller. Statements for nobody, as in workers,
wait for the pool alone.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Hashable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

from models.errors import Throttled

CALLER_PART: Final = 0.6
WORKSPACE_PART: Final = 0.8

MOST_WAITING: Final = 200
"""Most statements of one caller that wait in one process; more are refused."""

RETRY_SECONDS: Final = 1.0


@dataclass(slots=True, eq=False)
class Share:
    """One operation of a caller; `seconds` is how long it has held connections."""

    workspace: Hashable
    caller: Hashable
    seconds: float = 0.0


_share: ContextVar[Share | None] = ContextVar("share", default=None)


def run_for(workspace: Hashable, caller: Hashable) -> Share:
    """Statements of this task, and of tasks that it starts, run for this caller from now on."""
    share = Share(workspace, caller)
    _share.set(share)
    return share


def present_share() -> Share | None:
    """Returns the share that statements of this task run for."""
    return _share.get()


def run_for_nobody() -> None:
    """Statements of this task take no part in the sharing, such as those that look callers up."""
    _share.set(None)


@dataclass(slots=True)
class Sharing:
    """Who holds and who waits, for a pool of `size` connections."""

    size: int
    held: int = 0
    by_caller: dict[Hashable, int] = field(default_factory=dict)
    by_workspace: dict[Hashable, int] = field(default_factory=dict)
    waiting: OrderedDict[Hashable, OrderedDict[Hashable, deque[asyncio.Future[None]]]] = field(
        default_factory=OrderedDict
    )
    most: int = field(init=False)
    most_of_caller: int = field(init=False)
    most_of_workspace: int = field(init=False)

    def __post_init__(self) -> None:
        self.most = max(1, self.size - 1)
        self.most_of_caller = max(1, int(self.size * CALLER_PART))
        self.most_of_workspace = max(1, int(self.size * WORKSPACE_PART))

    def try_enter(self, share: Share) -> bool:
        """Takes a place for a connection, unless the share must wait."""
        if self.waiting and share.caller in self.waiting.get(share.workspace, ()):
            return False
        if not self._may_enter(share.workspace, share.caller):
            return False
        self._take(share.workspace, share.caller)
        return True

    def leave(self, share: Share, seconds: float) -> None:
        """Gives the place back after the share held a connection for so long."""
        share.seconds += seconds
        self._give_back(share)

    def _may_enter(self, workspace: Hashable, caller: Hashable) -> bool:
        return (
            self.held < self.most
            and self.by_caller.get(caller, 0) < self.most_of_caller
            and self.by_workspace.get(workspace, 0) < self.most_of_workspace
        )

    def _take(self, workspace: Hashable, caller: Hashable) -> None:
        self.held += 1
        self.by_caller[caller] = self.by_caller.get(caller, 0) + 1
        self.by_workspace[workspace] = self.by_workspace.get(workspace, 0) + 1

    def _give_back(self, share: Share) -> None:
        self.held -= 1
        _count_down(self.by_caller, share.caller)
        _count_down(self.by_workspace, share.workspace)
        if self.waiting:
            self._admit_waiting()

    async def wait(self, share: Share) -> None:
        """Takes a place when it is the share's turn. Raises Throttled when too many of its caller wait."""
        queue = self.waiting.setdefault(share.workspace, OrderedDict()).setdefault(share.caller, deque())
        if len(queue) >= MOST_WAITING:
            raise Throttled(
                f"{MOST_WAITING} of your statements wait already: send fewer operations at a time", RETRY_SECONDS
            )
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was let in at the same moment
                self._give_back(share)
            raise

    def _admit_waiting(self) -> None:
        while self.waiting and (found := self._next()) is not None:
            found.set_result(None)

    def _next(self) -> asyncio.Future[None] | None:
        """Takes a place for the next one that may enter, and puts its workspace and caller at the end of the line."""
        for workspace, callers in list(self.waiting.items()):
            for caller, queue in list(callers.items()):
                while queue and queue[0].done():  # cancelled
                    queue.popleft()
                if queue and not self._may_enter(workspace, caller):
                    continue
                turn = queue.popleft() if queue else None
                if queue:
                    callers.move_to_end(caller)
                else:
                    del callers[caller]
                if not callers:
                    del self.waiting[workspace]
                elif turn is not None:
                    self.waiting.move_to_end(workspace)
                if turn is not None:
                    self._take(workspace, caller)
                    return turn
        return None


def _count_down(counts: dict[Hashable, int], key: Hashable) -> None:
    if counts[key] == 1:
        del counts[key]
    else:
        counts[key] -= 1
