"""Changes of members, from their log."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from models import db
from models.changelog import readers
from models.changelog.members import MEMBERS
from models.changelog.read import NotInLog, read_head
from models.workflows.news import ahead, causes
from models.workflows.news.pages import Page, read
from models.workflows.plans import Plans
from models.workflows.sources import READER
from permissions.principal import Scope

log = structlog.get_logger(__name__)


@asynccontextmanager
async def next_page(plans: Plans, limit: int) -> AsyncIterator[Page]:
    """Up to `limit` changes of the segments that are listened to. The ambient transaction moves the reader past them."""
    position = await readers.hold(plans.scope, MEMBERS, READER)
    if position is None:
        yield Page([], 0, more=False)
        return
    try:
        page = ahead.take(plans, limit, position) or await read(plans, limit, position)
    except NotInLog as error:
        await _begin_anew(plans.scope, error)
        yield Page([], 0, more=True)
        return
    await causes.tell(plans.scope, page)
    yield page
    if page.position != position:
        await readers.move(plans.scope, MEMBERS, READER, position, page.position)


async def _begin_anew(scope: Scope, error: NotInLog) -> None:
    """What was dropped unread is lost: workers were away for longer than the log is kept, or a backup was restored."""
    log.error("workflows missed changes of members", workspace=scope.workspace_id, problem=error.message)
    head = await read_head(scope, MEMBERS)
    await db.execute(
        "UPDATE changelog_readers SET position = $3 WHERE workspace_id = $1 AND reader_kind = $2 AND reader_id = 0",
        scope.workspace_id,
        READER.kind,
        head.position,
    )
