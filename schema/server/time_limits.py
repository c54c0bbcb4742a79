"""Time limits that share one timer.

A timer of the event loop for each operation or message costs more than all else about its limit. Blocks under one SharedTimer
have the same seconds, so they are over in the order in which they began, and one timer waits for the first of them.
"""

import asyncio
from typing import Any, Final

EARLY_SECONDS: Final = 0.001
"""The event loop counts in milliseconds, so it may call this much too early."""


class SharedTimer:
    """Calls `late` of each block that runs for `seconds`, once."""

    __slots__ = ("loop", "running", "seconds", "timer")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.running: dict[TimedBlock, None] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self.timer: asyncio.TimerHandle | None = None

    def add(self, block: "TimedBlock", loop: asyncio.AbstractEventLoop) -> None:
        if self.loop is not loop:
            self._begin(loop)
        self.running[block] = None
        if self.timer is None:
            self.timer = loop.call_at(block.over_at, self._call_late_blocks)

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Forgets what ran in an earlier event loop."""
        self.loop, self.timer = loop, None
        self.running.clear()

    def _call_late_blocks(self) -> None:
        assert self.loop is not None
        self.timer = None
        now = self.loop.time() + EARLY_SECONDS
        while self.running:
            block = next(iter(self.running))
            if block.over_at > now:
                self.timer = self.loop.call_at(block.over_at, self._call_late_blocks)
                return
            del self.running[block]
            block.late()


class TimedBlock:
    """A `with` block of a task. `cancel_task` ends it, and then `has_ended_it` says so at its end."""

    __slots__ = ("cancelled_before", "is_over", "over_at", "task", "timer")

    def __init__(self, timer: SharedTimer) -> None:
        self.timer = timer

    def __enter__(self) -> None:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        self.task, self.cancelled_before, self.is_over = task, task.cancelling(), False
        self.over_at = loop.time() + self.timer.seconds
        self.timer.add(self, loop)

    def late(self) -> None:
        """Its seconds are over."""
        raise NotImplementedError

    def cancel_task(self) -> None:
        self.is_over = True
        self.task.cancel()

    def has_ended_it(self, kind: type[BaseException] | None) -> bool:
        """Whether nothing else than `cancel_task` has cancelled the task. Call it once, at the end of the block."""
        if not self.is_over:
            self.timer.running.pop(self, None)
            return False
        return self.task.uncancel() <= self.cancelled_before and kind is asyncio.CancelledError


class TimeLimit(SharedTimer):
    """Gives blocks at most `seconds` each, as asyncio.timeout does.

    with limit.block():
        await work()  # raises TimeoutError
    """

    __slots__ = ()

    def block(self) -> "_LimitedBlock":
        return _LimitedBlock(self)


class _LimitedBlock(TimedBlock):
    __slots__ = ()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: Any) -> None:
        if self.has_ended_it(kind):
            raise TimeoutError from error

    def late(self) -> None:
        self.cancel_task()
