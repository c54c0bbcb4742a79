"""Hints that a log of a workspace has grown: given after the commit, heard by the processes that follow logs.

What carries them is set once per process with `use`; without it there are none. A hint may be lost: who follows a log looks
at it every so often anyway.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

import structlog
from prometheus_client import Counter

from models import db

log = structlog.get_logger(__name__)

GIVE_SECONDS: Final = 1.0
"""How long the caller waits, after its commit, for a hint to be on its way."""

_lost = Counter("muster_hints_lost_total", "Hints to those who follow a log that could not be given.")


class Hints(Protocol):
    """Carries hints from any process to all. Each of its methods may raise, and may be cancelled at any await."""

    async def give(self, workspace_ids: Sequence[int]) -> None:
        """Let all know that some log of each of these workspaces has grown."""

    def hear(self) -> AbstractAsyncContextManager[AsyncIterator[int]]:
        """The ids of workspaces of which some log has grown, as it happens. Raises when the connection breaks."""


_hints: Hints | None = None


def use(hints: Hints | None) -> None:
    """Give and hear this process's hints there. None: there are none."""
    global _hints
    _hints = hints


def current() -> Hints | None:
    """Where this process hears hints, or None."""
    return _hints


async def log_grew(workspace_id: int) -> None:
    """Let those who follow the workspace's logs know, once the ambient transaction has committed. Never fails the caller."""
    if _hints is not None:
        await db.after_commit(_give, workspace_id)


async def _give(workspace_ids: Sequence[int]) -> None:
    if _hints is None:
        return
    try:
        async with asyncio.timeout(GIVE_SECONDS):
            await _hints.give(workspace_ids)
    except Exception as error:  # noqa: BLE001 - whatever it is, the log is committed, and looked at a little later
        _lost.inc(len(workspace_ids))
        log.warning("hints lost", workspaces=len(workspace_ids), error=type(error).__name__)
