"""Runs the work of one queue, begun as soon as it is sent."""

import asyncio
from contextlib import suppress
from typing import Any, Final

from arq.worker import Worker
from redis.exceptions import RedisError

from models.queue.work import Queue
from workers.broker import Broker

BETWEEN_LOOKS_SECONDS: Final = 0.01
"""A busy queue is looked into at most so often."""

AGAIN_SECONDS: Final = 0.02
"""What a process sends whose clock is ahead by less is begun after this time: the queue is in the order of clocks."""

LISTEN_AGAIN_SECONDS: Final = 1.0


class QueueWorker(Worker):
    """Looks into the queue when it is woken, when work has ended, and every `idle_seconds` for messages that were lost.

    Arq itself looks at every `poll_delay`: a hundred times a second for work that may not wait, also when there is none.
    """

    def __init__(self, *args: Any, idle_seconds: float, **options: Any) -> None:
        super().__init__(*args, poll_delay=BETWEEN_LOOKS_SECONDS, **options)
        self._idle_seconds = idle_seconds
        self._woken = asyncio.Event()

    def wake(self) -> None:
        self._woken.set()

    async def listen(self, broker: Broker, queue: Queue) -> None:
        """Wakes it whenever work is sent to the queue. Runs until it is cancelled; without Redis it tries again."""
        while True:
            with suppress(RedisError, OSError):
                async with broker.hear_work(queue) as sent:
                    async for _ in sent:
                        self.wake()
                        asyncio.get_running_loop().call_later(AGAIN_SECONDS, self.wake)
            await asyncio.sleep(LISTEN_AGAIN_SECONDS)

    async def _poll_iteration(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._idle_seconds):
                await self._woken.wait()
        self._woken.clear()
        await super()._poll_iteration()

    def _release_sem_dec_counter_on_complete(self) -> None:
        super()._release_sem_dec_counter_on_complete()
        self.wake()
