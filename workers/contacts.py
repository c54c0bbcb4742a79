"""Removes the values of deleted custom fields."""

from typing import Final

from models.contacts import fields
from workers.context import PeriodicTask, Queue, WorkerContext


async def remove_values(context: WorkerContext) -> None:
    """Removes values of deleted fields, for at most 5 seconds."""
    if not context.stopping.is_set():
        await fields.remove_values_of_deleted(seconds=5.0)


PERIODIC_TASKS: Final = [PeriodicTask("remove_values", Queue.BULK, remove_values, every_seconds=10, alone=True)]
