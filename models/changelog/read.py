"""Reads a log page by page."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from operator import attrgetter
from typing import Any, Final, Generic

from models import db
from models.changelog.log import Entry, Log
from models.errors import Invalid, Path
from permissions.principal import Scope

WINDOW: Final = 10_000
"""Entries searched per statement at most when only some are wanted."""

WIDER: Final = 4
"""As many entries as are wanted are searched first, and then so many times more in each statement."""

MANY: Final = 500
"""So many entries are read with those together that are alike."""

LOOKING_SECONDS: Final = 0.2
"""Then a page ends with what was found."""


class NotInLog(Invalid):
    """What follows the position is no longer kept, or it is ahead of the log."""


@dataclass(frozen=True, slots=True)
class LogPage(Generic[Entry]):
    """Entries in order. Go on after `position`, which may be past the last entry; at once, if `more`."""

    entries: list[Entry]
    position: int
    more: bool


@dataclass(frozen=True, slots=True)
class LogHead:
    """Entries up to `floor` are no longer kept."""

    position: int
    floor: int


async def read_head(scope: Scope, log: Log[Any]) -> LogHead:
    row = await db.fetch_row(f"SELECT position, floor FROM {log.heads} WHERE workspace_id = $1", scope.workspace_id)
    return LogHead(0, 0) if row is None else LogHead(row["position"], row["floor"])


async def start_position(scope: Scope, log: Log[Any], after: int | None, from_now: bool) -> int | None:
    """The position to read after: the end of the log with `from_now`. Raises Invalid when both are given."""
    if not from_now:
        return after
    if after is not None:
        raise Invalid("give `after` or `fromNow`, not both", ("fromNow",))
    return (await read_head(scope, log)).position


async def read_page(
    scope: Scope,
    log: Log[Entry],
    after: int | None,
    limit: int,
    only: Collection[Any] | None = None,
    path: Path = ("after",),
) -> LogPage[Entry]:
    """Up to `limit` entries after the position `after` (None: from the oldest). Raises NotInLog at `path`.

    With `only` (values of the log's filter), a page may be short or empty though `more` follow.
    """
    end = await read_head(scope, log)
    position = end.floor if after is None else after
    _check(log, end, position, path)
    if only is not None:
        return await _look_through(scope, log, position, end.position, limit, list(only), path)
    entries = await _window(scope, log, position, min(position + limit, end.position), limit, None, path)
    position = entries[-1].position if entries else position
    return LogPage(entries, position, position < end.position)


async def read_next(scope: Scope, log: Log[Entry], after: int, limit: int) -> list[Entry]:
    """Reads on with one statement, for a reader at the end of the log. Raises NotInLog as `check_position`."""
    return await _window(scope, log, after, after + limit, limit, None)


async def check_position(scope: Scope, log: Log[Any], after: int, path: Path = ("after",)) -> None:
    """Raises NotInLog at `path` when the log cannot be read from `after` on."""
    _check(log, await read_head(scope, log), after, path)


def _check(log: Log[Any], end: LogHead, position: int, path: Path) -> None:
    if position < end.floor:
        raise NotInLog(f"this cursor is too old: the {log.noun} after it are no longer kept. {log.when_lost}", path)
    if position > end.position:
        raise NotInLog(
            "this cursor lies ahead of the log: it is not from this installation, or from before a restore", path
        )


async def _look_through(
    scope: Scope, log: Log[Entry], position: int, end: int, limit: int, only: list[Any], path: Path
) -> LogPage[Entry]:
    """Window by window, so that rare entries cost bounded time."""
    entries: list[Entry] = []
    until, window = time.monotonic() + LOOKING_SECONDS, max(limit, 1)
    while position < end:
        last = min(position + min(window, WINDOW), end)
        entries += await _window(scope, log, position, last, limit + 1 - len(entries), only, path)
        if len(entries) > limit:  # one more than asked for: others follow
            return LogPage(entries[:limit], entries[limit - 1].position, True)
        position, window = last, window * WIDER
        if len(entries) == limit or time.monotonic() >= until:
            break
    return LogPage(entries, position, position < end)


async def _window(
    scope: Scope,
    log: Log[Entry],
    after: int,
    last: int,
    limit: int,
    only: list[Any] | None,
    path: Path = ("after",),
) -> list[Entry]:
    """Reads wanted entries in (after, last]. Raises NotInLog when not all are kept."""
    if after >= last:
        return []
    if log.own is None or limit < MANY:
        rows = await db.fetch(_window_sql(log), scope.workspace_id, after, last, only, limit)
        entries = [log.make(scope.workspace_id, row) for row in rows]
    else:
        rows = await db.fetch(_window_sql(log, alike=True), scope.workspace_id, after, last, only)
        entries = _apart(log, scope.workspace_id, rows)
    if not entries:
        await check_position(scope, log, after, path)
    return entries


def _apart(log: Log[Entry], workspace_id: int, rows: Sequence[db.Record]) -> list[Entry]:
    """The entries of rows that stand for several of an append, which differ in their own column alone."""
    assert log.own is not None
    index = log.columns.index(log.own)
    entries: list[Entry] = []
    for before, *common, places, values in rows:
        head, tail = common[:index], common[index:]
        entries += [
            log.make(workspace_id, (before + place, *head, value, *tail))
            for place, value in zip(places, values, strict=True)
        ]
    entries.sort(key=_position)
    return entries


_position: Final = attrgetter("position")


# A window has no more appends than positions. When entries were dropped since the floor was read, the statement finds no rows,
# so that a gap never looks like a log in which nothing happened. OFFSET 0: entries are read by their places, and not all those
# of the wanted segments, which statistics that are old take for few.
@cache
def _window_sql(log: Log[Any], *, alike: bool = False) -> str:
    """`alike`: entries of an append that differ in their own column alone are one row, and the statement takes no $5.

    Each that is sent by itself costs PostgreSQL and Python several times as much.
    """
    columns = ", ".join(f"e.{column}" for column in log.columns if not alike or column != log.own)
    if alike:
        wanted = (
            f"a.position - a.size AS before, {columns}, array_agg(e.place) AS places, array_agg(e.{log.own}) AS own"
        )
        end = f"GROUP BY a.position, a.size, {columns}"
    else:
        wanted, end = f"a.position - a.size + e.place AS position, {columns}", "ORDER BY a.position, e.place LIMIT $5"
    return f"""
        SELECT {wanted}
        FROM (SELECT append_id, position, size FROM {log.appends}
              WHERE workspace_id = $1 AND position > $2::bigint ORDER BY position LIMIT $3::bigint - $2::bigint) AS a
        CROSS JOIN LATERAL (
            SELECT * FROM {log.entries}
            WHERE workspace_id = $1 AND append_id = a.append_id
              AND place > $2::bigint - (a.position - a.size) AND place <= $3::bigint - (a.position - a.size) OFFSET 0
        ) AS e
        WHERE a.position - a.size < $3::bigint
          AND ($4::{log.filter_type}[] IS NULL OR e.{log.filter_column} = ANY ($4::{log.filter_type}[]))
          AND (SELECT floor FROM {log.heads} WHERE workspace_id = $1) <= $2::bigint
        {end}
        """
