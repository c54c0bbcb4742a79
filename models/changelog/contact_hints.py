"""Hints that contacts have changed. They may be lost: who watches contacts looks at their rows periodically anyway."""

import asyncio
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final, Protocol

import structlog
from prometheus_client import Counter

from models import db
from models.changelog.hints import GIVE_SECONDS

log = structlog.get_logger(__name__)

MOST: Final = 500
"""A hint of more contacts names none of them."""

_lost = Counter("muster_contact_hints_lost_total", "Hints that contacts have changed that could not be given.")


@dataclass(frozen=True, slots=True)
class ChangedContacts:
    """Contacts whose rows, activities or segments have changed. `ids` None: too many to name."""

    workspace_id: int
    ids: frozenset[int] | None


class ContactHints(Protocol):
    """Carries hints between processes. Its methods may raise, and may be cancelled at any await."""

    async def tell(self, changes: Sequence[ChangedContacts]) -> None: ...

    def hear_changes(self) -> AbstractAsyncContextManager[AsyncIterator[ChangedContacts]]:
        """Raises when the connection breaks."""


_hints: ContactHints | None = None


def use(hints: ContactHints | None) -> None:
    global _hints
    _hints = hints


def current() -> ContactHints | None:
    return _hints


async def contacts_changed(workspace_id: int, contact_ids: Collection[int]) -> None:
    """Gives a hint once the ambient transaction has committed. The caller neither waits for it nor fails with it."""
    if _hints is not None and contact_ids:
        named = frozenset(contact_ids) if len(contact_ids) <= MOST else None
        await db.after_commit(_begin_to_tell, ChangedContacts(workspace_id, named))


_telling: set[asyncio.Task[None]] = set()


async def _begin_to_tell(changes: Sequence[ChangedContacts]) -> None:
    task = asyncio.create_task(_tell(changes))
    _telling.add(task)
    task.add_done_callback(_telling.discard)


async def _tell(changes: Sequence[ChangedContacts]) -> None:
    if _hints is None:
        return
    try:
        async with asyncio.timeout(GIVE_SECONDS):
            await _hints.tell(changes)
    except Exception as error:  # noqa: BLE001 - the change is committed, and watchers will look at it
        _lost.inc(len(changes))
        log.warning("hints of changed contacts lost", error=type(error).__name__)
