"""Erases what is left of people that somebody asked to erase."""

from typing import Final

from models.personal_data import erasures
from models.personal_data.erase import carry_on
from models.queue import work
from workers.context import PeriodicTask, Queue, Task, WorkerContext


async def erase_contact(context: WorkerContext, workspace_id: int, contact_id: int) -> None:
    await context.broker.acknowledge(work.ERASE_CONTACT, workspace_id, contact_id)
    await carry_on(workspace_id, contact_id)


async def find_erasures(context: WorkerContext) -> None:
    """Messages get lost, and some erasures wait for a job or a message on its way."""
    for workspace_id, contact_id in await erasures.unfinished():
        if context.stopping.is_set():
            return
        await carry_on(workspace_id, contact_id)


TASKS: Final = [Task(work.ERASE_CONTACT, erase_contact, timeout_seconds=600)]
PERIODIC_TASKS: Final = [PeriodicTask("find_erasures", Queue.BULK, find_erasures, every_seconds=30, alone=True)]
