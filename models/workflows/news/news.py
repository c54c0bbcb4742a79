"""What happened to contacts since the last batch, from the log of members and from signals, in the order of time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from models import db
from models.changelog import readers
from models.changelog.members import MEMBERS
from models.db.distinct import workspaces_in
from models.workflows.happenings import Happening, in_order
from models.workflows.news import members, signals
from models.workflows.plans import Plans
from models.workflows.sources import READER


@dataclass(frozen=True, slots=True)
class News:
    """`more` waits. `read_to`: the position in the log of members after which a page waits; None: there is no whole one."""

    happened: list[Happening]
    more: bool
    read_to: int | None


@asynccontextmanager
async def next_ones(plans: Plans, limit: int) -> AsyncIterator[News]:
    """Up to `limit` changes of members and as many signals. They are gone for good when the ambient transaction commits."""
    async with members.next_page(plans, limit) as page:
        signalled = await signals.take(plans.scope, limit)
        happened = in_order(signalled + page.changes) if signalled else page.changes
        yield News(happened, page.more or len(signalled) >= limit, page.position if page.more else None)


async def waiting(among: db.Span = db.EVERY) -> list[int]:
    """Workspaces with signals, and those `among` these with changes of members to read."""
    signalled = await workspaces_in("workflow_signals")
    behind = [workspace_id for workspace_id, _ in await readers.behind(MEMBERS, READER.kind, among=among)]
    return list(dict.fromkeys(signalled + behind))
