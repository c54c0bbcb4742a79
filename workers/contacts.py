"""Removes the values of deleted custom fields, and marks of twins that are alone."""

from typing import Final

from models.contacts import fields, twins
from workers.context import PeriodicTask, Queue, WorkerContext


async def remove_values(context: WorkerContext) -> None:
    """Removes values of deleted fields, for at most 5 seconds."""
    if not context.stopping.is_set():
        await fields.remove_values_of_deleted(seconds=5.0)


async def release_twins(context: WorkerContext) -> None:
    if not context.stopping.is_set():
        await twins.release_all()


PERIODIC_TASKS: Final = [
    PeriodicTask("remove_values", Queue.BULK, remove_values, every_seconds=10, alone=True),
    PeriodicTask("release_twins", Queue.BULK, release_twins, every_seconds=60, alone=True),
]
