"""Time limits that share one timer.

A timer of the event loop for each operation or message costs more than all else about its limit. Blocks under one TimeLimit
have the same seconds, so they are over in the order in which they began, and one timer waits for the first of them.
"""

import asyncio
from typing import Any, Final

EARLY_SECONDS: Final = 0.001
"""The event loop counts in milliseconds, so it may call this much too early."""


class TimeLimit:
    """Gives blocks at most `seconds` each, as asyncio.timeout does.

    with limit.block():
        await work()  # raises TimeoutError
    """

    __slots__ = ("loop", "running", "seconds", "timer")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.running: dict[_Block, None] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self.timer: asyncio.TimerHandle | None = None

    def block(self) -> "_Block":
        return _Block(self)

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Forgets what ran in an earlier event loop."""
        self.loop, self.timer = loop, None
        self.running.clear()

    def stop_late_blocks(self) -> None:
        assert self.loop is not None
        self.timer = None
        now = self.loop.time() + EARLY_SECONDS
        while self.running:
            block = next(iter(self.running))
            if block.over_at > now:
                self.timer = self.loop.call_at(block.over_at, self.stop_late_blocks)
                return
            del self.running[block]
            block.stop()


class _Block:
    __slots__ = ("cancelled_before", "is_over", "limit", "over_at", "task")

    def __init__(self, limit: TimeLimit) -> None:
        self.limit = limit

    def __enter__(self) -> None:
        limit, loop = self.limit, asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        self.task, self.cancelled_before, self.is_over = task, task.cancelling(), False
        self.over_at = loop.time() + limit.seconds
        if limit.loop is not loop:
            limit.begin(loop)
        limit.running[self] = None
        if limit.timer is None:
            limit.timer = loop.call_at(self.over_at, limit.stop_late_blocks)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: Any) -> None:
        if not self.is_over:
            self.limit.running.pop(self, None)
        elif self.task.uncancel() <= self.cancelled_before and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def stop(self) -> None:
        self.is_over = True
        self.task.cancel()
