"""The contacts behind the numbers of a broadcast's exclusions."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
"""Each depends on one contact alone."""


async def _judged(
    scope: Scope,
    broadcast: Broadcast,
    message: Mapping[str, Any],
    reason: ExclusionReason,
    limit: int,
    after: int | None,
    names: Iterable[str],
) -> list[Record]:
    wanted = _Wanted(broadcast, message, reason, frozenset(names))
    if broadcast.retry_of is not None or reason not in _FIRST_REASONS:
        return await _judge(scope, wanted, after or 0, limit, None)
    found: list[Record] = []
    async for ids in _each_some(scope, broadcast, after or 0):
        found += await _judge(scope, wanted, after or 0, limit - len(found), ids)
        if len(found) == limit:
            break
    return found


@dataclass(frozen=True, slots=True)
class _Wanted:
    broadcast: Broadcast
    message: Mapping[str, Any]
    reason: ExclusionReason
    names: frozenset[str]


async def _judge(scope: Scope, wanted: _Wanted, after: int, limit: int, only: Sequence[int] | None) -> list[Record]:
    judged, binds = await audience.judged_sql(scope, wanted.broadcast, wanted.message, only)
    reason, last, most = binds.bind(wanted.reason, "text"), binds.bind(after, "bigint"), binds.bind(limit, "bigint")
    sql = f"""
        WITH {judged}
        SELECT {columns_of({"id", *wanted.names})}
        FROM {"judged" if only is None else "first_judged"} j JOIN contacts c ON c.workspace_id = $1 AND c.id = j.contact_id
        WHERE j.reason = {reason} AND j.contact_id > {last} ORDER BY j.contact_id LIMIT {most}
    """  # noqa: S608 - columns of the catalogue, and bound values
    return await db.fetch(sql, *binds)


AT_FIRST: Final = 500
AT_MOST: Final = 50_000
"""Members that are judged at once: more each time, since few of them have the reason."""

# Each segment gives its first members by index; the first ones of all are among them.
_NEXT: Final = """
    SELECT DISTINCT page.contact_id
    FROM segments s, LATERAL (
        SELECT m.contact_id FROM memberships m
        WHERE m.workspace_id = $1 AND m.segment_id = s.id AND m.contact_id > $3 ORDER BY m.contact_id LIMIT $4) AS page
    WHERE s.workspace_id = $1 AND s.id = ANY ($2::bigint[]) AND s.deleted_at IS NULL
    ORDER BY page.contact_id LIMIT $4
"""


async def _each_some(scope: Scope, broadcast: Broadcast, after: int) -> AsyncIterator[list[int]]:
    """The members of the included segments after the contact `after`, in order of their ids."""
    many = AT_FIRST
    while True:
        rows = await db.fetch(_NEXT, scope.workspace_id, broadcast.include_segment_ids, after, many)
        ids = [row["contact_id"] for row in rows]
        if ids:
            yield ids
        if len(ids) < many:
            return
        after, many = ids[-1], min(many * 4, AT_MOST)
