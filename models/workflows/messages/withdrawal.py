"""Messages of those who left their SEND by another way than the message's own."""

from typing import Final

from models.messaging import outcomes
from models.workflows.run import Run

REASON: Final = "The contact left the workflow, or went on in it, before this was sent."


async def withdraw(run: Run) -> None:
    """They are not sent any more, unless somebody has begun to."""
    ids = [arrival.unsent for arrival in run.arrivals if arrival.unsent is not None]
    if ids:
        await outcomes.withdraw(run.workspace_id, ids, REASON)
