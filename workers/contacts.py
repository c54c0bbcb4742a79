"""What the workers do for contacts: the values of deleted fields are taken away."""

from typing import Final

from models.contacts import fields
from workers.context import PeriodicTask, Queue, WorkerContext


async def remove_values(context: WorkerContext) -> None:
    """Go on removing the values of deleted fields, for a few seconds at a time."""
    if not context.stopping.is_set():
        await fields.remove_leftovers(seconds=5.0)


PERIODIC_TASKS: Final = [PeriodicTask("remove_values", Queue.BULK, remove_values, every_seconds=10, alone=True)]
