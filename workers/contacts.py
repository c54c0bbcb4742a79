"""What the workers do for contacts: the values of deleted fields are taken away."""

from typing import Final

from models import contact_fields
from workers.tasks import Desk, Queue, Sweep


async def remove_values(desk: Desk) -> None:
    """Go on removing the values of deleted fields, for a few seconds at a time."""
    if not desk.stopping.is_set():
        await contact_fields.remove_leftovers(seconds=5.0)


SWEEPS: Final = [Sweep("remove_values", Queue.BULK, remove_values, every_seconds=10, alone=True)]
