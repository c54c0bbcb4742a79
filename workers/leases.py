"""Renews leases during work, and stops work whose lease is lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import structlog

from models import db
from models.queue import leases, workspace_leases
from models.queue.leases import LeaseLost

log = structlog.get_logger(__name__)

Lost = asyncio.Event
"""When set: begin nothing more."""

Renew = Callable[[], Awaitable[object]]
"""Raises LeaseLost."""


@contextlib.asynccontextmanager
async def renewed(renew: Renew, every_seconds: float) -> AsyncIterator[Lost]:
    lost = Lost()
    renewing = asyncio.create_task(_keep_renewing(renew, every_seconds, lost))
    try:
        yield lost
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)


async def _keep_renewing(renew: Renew, every_seconds: float, lost: Lost) -> None:
    while not lost.is_set():
        await asyncio.sleep(every_seconds)
        try:
            await renew()
        except LeaseLost:
            lost.set()
        except Exception as error:  # noqa: BLE001 - the lease may last until the database is back
            if not db.logged_as_outage(error):
                log.warning("lease not renewed", error=type(error).__name__)


async def run_while_held(work: Coroutine[Any, Any, None], renew: Renew, every_seconds: float) -> bool:
    """Cancels `work` and returns False when the lease is lost."""
    async with renewed(renew, every_seconds) as lost:
        working, losing = asyncio.create_task(work), asyncio.create_task(lost.wait())
        try:
            await asyncio.wait({working, losing}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (working, losing):
                task.cancel()
            await asyncio.gather(working, losing, return_exceptions=True)
    if working.cancelled():
        return False
    working.result()
    return True


@contextlib.asynccontextmanager
async def held(workspace_id: int, name: str) -> AsyncIterator[Lost | None]:
    """Holds the lease inside the block; None when another worker holds it."""
    lease = await workspace_leases.take(workspace_id, name)
    if lease is None:
        yield None
        return
    try:
        async with renewed(lambda: leases.renew(lease), lease.table.seconds / 3) as lost:
            yield lost
    finally:
        with contextlib.suppress(Exception):  # it runs out soon
            await leases.release(lease)
