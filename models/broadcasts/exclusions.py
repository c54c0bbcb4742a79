"""The contacts behind the numbers of a broadcast's exclusions."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from models import db
from models.broadcasts import audience, drafts
from models.broadcasts.audience import ExclusionReason
from models.contacts.columns import columns_of
from models.db import Record
from models.db.tables.broadcasts import Broadcast
from permissions.principal import Scope


async def page(
    scope: Scope,
    broadcast: Broadcast,
    reason: ExclusionReason,
    limit: int,
    after: int | None = None,
    names: Iterable[str] = (),
) -> list[Record]:
    """Up to `limit` contacts, the oldest first, with the columns `names`; those with an id greater than `after`.

    Of a started broadcast, the contacts that were left out at its start, but for those that were deleted since: read by
    index. Of a draft, those that would be left out now.
    """
    if broadcast.audience_size is not None:
        return await _kept(scope, broadcast.id, reason, limit, after, names)
    return await _judged(scope, broadcast, await drafts.message_of(scope, broadcast), reason, limit, after, names)


async def _kept(
    scope: Scope, broadcast_id: int, reason: ExclusionReason, limit: int, after: int | None, names: Iterable[str]
) -> list[Record]:
    sql = f"""
        SELECT {columns_of({"id", *names})}
        FROM broadcast_exclusions e JOIN contacts c ON c.workspace_id = $1 AND c.id = e.contact_id
        WHERE e.workspace_id = $1 AND e.broadcast_id = $2 AND e.reason = $3 AND e.contact_id > $4
        ORDER BY e.contact_id LIMIT $5
    """  # noqa: S608 - columns of the catalogue
    return await db.fetch(sql, scope.workspace_id, broadcast_id, reason, after or 0, limit)


_FIRST_REASONS: Final = frozenset(ExclusionReason) - {ExclusionReason.DUPLICATE_PHONE}
"""Each depends on one contact alone, so that a page stops where it is full."""


async def _judged(
    scope: Scope,
    broadcast: Broadcast,
    message: Mapping[str, Any],
    reason: ExclusionReason,
    limit: int,
    after: int | None,
    names: Iterable[str],
) -> list[Record]:
    as_stream = broadcast.retry_of is None and reason in _FIRST_REASONS
    judged, binds = await audience.judged_sql(scope, broadcast, message, as_stream=as_stream)
    wanted, last, most = binds.bind(reason, "text"), binds.bind(after or 0, "bigint"), binds.bind(limit, "bigint")
    sql = f"""
        WITH {judged}
        SELECT {columns_of({"id", *names})}
        FROM {"first_judged" if as_stream else "judged"} j JOIN contacts c ON c.workspace_id = $1 AND c.id = j.contact_id
        WHERE j.reason = {wanted} AND j.contact_id > {last} ORDER BY j.contact_id LIMIT {most}
    """  # noqa: S608 - columns of the catalogue, and bound values
    return await db.fetch(sql, *binds)
