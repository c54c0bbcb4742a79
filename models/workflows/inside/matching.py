"""Whether what happened is an event of a graph: the word agrees already."""

from collections.abc import Iterable, Sequence
from typing import Final

from models.messaging.message_states import MessageStatus
from models.workflows.graph.events import ActivityHappened, Event, MessageReached
from models.workflows.happenings import Happening
from models.workflows.inside.activities import activities_that_pass
from models.workflows.messages import senders
from models.workflows.plan import Plan
from models.workflows.run import Run

_ARRIVED: Final = (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ)


class Matching:
    """Knows which activities pass the filters of events, and which nodes sent messages. Made for the happenings of a batch."""

    def __init__(self, run: Run, happened: Iterable[Happening]) -> None:
        self._run = run
        self._happened = list(happened)
        self._passing: dict[tuple[int, ActivityHappened], set[int | None]] = {}
        self._nodes: dict[int, tuple[int, int]] | None = None

    async def is_event(self, plan: Plan, event: Event, one: Happening, enrollment_id: int | None) -> bool:
        """`enrollment_id`: somebody inside, who waits for messages that it was sent itself; None: of a trigger."""
        match event:
            case ActivityHappened(where=where):
                passes = not where or one.activity_id in await self._those_passing(event)
                return one.activity_id is not None and passes
            case MessageReached():
                return await self._is_message(plan, event, one, enrollment_id)
            case _:
                return True

    async def _those_passing(self, event: ActivityHappened) -> set[int | None]:
        key = (self._run.workspace_id, event)
        if key not in self._passing:
            ids: Sequence[int] = [one.activity_id for one in self._happened if one.activity_id is not None]
            self._passing[key] = set(await activities_that_pass(self._run, event, ids))
        return self._passing[key]

    async def _is_message(self, plan: Plan, event: MessageReached, one: Happening, enrollment_id: int | None) -> bool:
        detail = one.detail or {}
        if not _has_reached(event.status, detail.get("status"), exactly=enrollment_id is None):
            return False
        if event.node_key is None:
            return True
        if self._nodes is None:
            ids = {found.detail["source"] for found in self._happened if found.detail and "source" in found.detail}
            self._nodes = await senders.nodes_of(self._run.workspace_id, ids)
        sent_by = self._nodes.get(detail.get("source", 0))
        is_own = enrollment_id is None or detail.get("enrollment") == enrollment_id
        return is_own and sent_by == (plan.workflow_id, plan.numbers.get(event.node_key))


def _has_reached(wanted: str, status: str | None, *, exactly: bool) -> bool:
    """A message that was read has arrived, even if nobody said so."""
    if exactly or wanted not in _ARRIVED or status not in _ARRIVED:
        return wanted == status
    return _ARRIVED.index(MessageStatus(status)) >= _ARRIVED.index(MessageStatus(wanted))
