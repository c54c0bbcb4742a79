"""The people behind the numbers of a broadcast's exclusions."""

from collections.abc import Sequence
from typing import Any

from models.broadcasts import drafts, exclusions
from models.db.tables.broadcasts import Broadcast
from models.errors import Invalid
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.broadcasts.enums import ExclusionReason
from schema.server.context import Info
from schema.server.execution.lookahead import selected
from schema.server.guard import admit, scope_of
from schema.server.types.connection import Page, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, read_for_each


async def excluded_of(
    rows: Sequence[Any], info: Info, reason: ExclusionReason, first: int | None = 50, after: str | None = None
) -> Sequence[Page | Invalid]:
    """Loads Broadcast.excluded for some broadcasts, one after the other: a draft has to be judged."""
    admit(info.context, Permission.CONTACT_READ)
    scope, names = scope_of(info), selected(info, "nodes") | selected(info, "edges", "node")
    lists = [Cursors(scope, "Broadcast.excluded", row.id, reason.value) for row in rows]
    key, problems = read_for_each(lists, after, a_number)
    last = None if key is None else key[0]
    pages: list[Page | Invalid] = []
    for broadcast, cursors, problem in zip(rows, lists, problems, strict=True):
        if problem is not None:
            pages.append(problem)
            continue
        found = await exclusions.page(scope, broadcast, reason, page_size(first) + 1, last, names)
        pages.append(_page(scope, broadcast, reason, found, first, after, cursors))
    return pages


def _page(
    scope: Scope,
    broadcast: Broadcast,
    reason: ExclusionReason,
    found: Sequence[Any],
    first: int | None,
    after: str | None,
    cursors: Cursors,
) -> Page:
    async def count() -> int:
        return (await drafts.audience_of(scope, broadcast)).exclusions.get(reason, 0)

    return page_of(found, first, after, lambda row: cursors.write(row["id"]), count)
