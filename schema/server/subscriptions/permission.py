"""Ends a subscription when its caller loses the permission."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, Final

import structlog

from models import db
from models.errors import Refusal

log = structlog.get_logger("muster.api")

Check = Callable[[], Awaitable[None]]
"""Raises a Refusal when the permission is gone."""

MOST_FAILED_CHECKS: Final = 6
"""In a row, because the database is away; then the subscription ends."""

_END: Final = object()


async def while_permitted(source: Any, check: Check, every_seconds: float) -> AsyncGenerator[Any, None]:
    """The events of `source`. Raises the refusal of `check`."""
    permission = _Permission(check, every_seconds)
    checking = asyncio.ensure_future(permission.keep_checking())
    try:
        while (event := await permission.next_event(source)) is not _END:
            yield event
    finally:
        checking.cancel()
        await source.aclose()


class _Permission:
    """A refusal cancels the wait for the next event."""

    def __init__(self, check: Check, every_seconds: float) -> None:
        self.check = check
        self.every_seconds = every_seconds
        self.failed_checks = 0
        self.waiting: asyncio.Task[Any] | None = None
        self.refusal: Exception | None = None

    async def next_event(self, source: Any) -> Any:
        self._raise_refusal()
        task = self.waiting = asyncio.current_task()
        assert task is not None
        try:
            return await anext(source, _END)
        except asyncio.CancelledError:
            if self._is_refused() and task.uncancel() == 0:  # nobody else cancelled the task
                self._raise_refusal()
            raise
        finally:
            self.waiting = None

    def _is_refused(self) -> bool:
        return self.refusal is not None

    def _raise_refusal(self) -> None:
        if self.refusal is not None:
            raise self.refusal from None

    async def keep_checking(self) -> None:
        while self.refusal is None:
            await asyncio.sleep(self.every_seconds)
            self.refusal = await self._check()
        if self.waiting is not None:
            self.waiting.cancel()

    async def _check(self) -> Exception | None:
        try:
            await self.check()
            self.failed_checks = 0
        except Refusal as refusal:
            return refusal
        except Exception as error:  # noqa: BLE001 - a restart of the database ends no subscription
            self.failed_checks += 1
            if not db.logged_as_outage(error):
                log.warning("a subscription's permission could not be checked", error=type(error).__name__)
            return error if self.failed_checks >= MOST_FAILED_CHECKS else None
        return None
