"""Keeps what signing in looks up."""

from typing import Final

from models.accounts import sign_in_emails
from workers.context import PeriodicTask, Queue, WorkerContext


async def mend_sign_in(_: WorkerContext) -> None:
    await sign_in_emails.mend()


PERIODIC_TASKS: Final = [PeriodicTask("mend_sign_in", Queue.BULK, mend_sign_in, every_seconds=600, alone=True)]
