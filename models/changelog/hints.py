"""Hints that a log has grown. They may be lost: followers look at the log periodically anyway."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

import structlog
from prometheus_client import Counter

from models import db

log = structlog.get_logger(__name__)

GIVE_SECONDS: Final = 1.0

_lost = Counter("muster_hints_lost_total", "Hints to followers of a log that could not be given.")


class Hints(Protocol):
    """Carries hints between processes. Its methods may raise, and may be cancelled at any await."""

    async def give(self, workspace_ids: Sequence[int]) -> None:
        """A log of each of these workspaces has grown."""

    def hear(self) -> AbstractAsyncContextManager[AsyncIterator[int]]:
        """Gives the ids of workspaces whose logs grow. Raises when the connection breaks."""


_hints: Hints | None = None


def use(hints: Hints | None) -> None:
    global _hints
    _hints = hints


def current() -> Hints | None:
    return _hints


async def log_grew(workspace_id: int) -> None:
    """Gives a hint once the ambient transaction has committed. It never fails the caller."""
    if _hints is not None:
        await db.after_commit(_give, workspace_id)


async def _give(workspace_ids: Sequence[int]) -> None:
    if _hints is None:
        return
    try:
        async with asyncio.timeout(GIVE_SECONDS):
            await _hints.give(workspace_ids)
    except Exception as error:  # noqa: BLE001 - the log is committed, and followers will look at it
        _lost.inc(len(workspace_ids))
        log.warning("hints lost", workspaces=len(workspace_ids), error=type(error).__name__)
