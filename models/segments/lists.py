"""Pages of segments, filtered and ordered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from models import clock, db
from models.contacts.selections import MAX_SEARCH
from models.db import Record
from models.db.tables.segments import SegmentKind, SegmentStatus
from models.errors import Problems, at
from models.rule_catalogue.loading import load_catalogue
from models.rules.catalogue import Catalogue
from models.rules.check import check
from models.rules.describe import describe
from models.rules.parameters import Parameters
from models.segments.analytics import days_ago
from models.segments.segments import RESTORABLE
from models.values.texts import check_text
from permissions.principal import Scope

COLUMNS: Final = (
    *("id", "name", "description", "kind", "status", "rule", "version", "active_version", "member_count"),
    *("last_used_at", "created_at", "updated_at", "deleted_at"),
)


def columns_of(alias: str = "s") -> str:
    return ", ".join(f"{alias}.{column}" for column in COLUMNS)


MOVED_DAYS: Final = 7
"""Today and the days before it over which MOVED_DESC looks."""


class SegmentOrder(StrEnum):
    """A segment that was never used sorts as used longest ago.

    MOVED_DESC: by how many members more or fewer it has than before the last MOVED_DAYS days.
    """

    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    CREATED_AT_DESC = "CREATED_AT_DESC"
    CREATED_AT_ASC = "CREATED_AT_ASC"
    MEMBER_COUNT_DESC = "MEMBER_COUNT_DESC"
    LAST_USED_AT_ASC = "LAST_USED_AT_ASC"
    LAST_USED_AT_DESC = "LAST_USED_AT_DESC"
    MOVED_DESC = "MOVED_DESC"


@dataclass(frozen=True, slots=True)
class SortKey:
    """An SQL expression on `s`; then the id sorts, in the same direction.

    It may name {workspace} and {since}, when MOVED_DAYS began.
    """

    expression: str
    sql_type: str
    descending: bool


_NAME, _CREATED, _COUNT = "lower(s.name)", "s.created_at", "s.member_count"
_USED = "coalesce(s.last_used_at, '-infinity')"
# The newest written day before has the members at that time: one look at an index for each segment, however large.
_MOVED = """abs(s.member_count - coalesce((
    SELECT d.members FROM segment_days d WHERE d.workspace_id = {workspace} AND d.segment_id = s.id AND d.ends_at <= {since}
    ORDER BY d.starts_at DESC LIMIT 1), 0))"""

SORT_KEYS: Final = {
    SegmentOrder.NAME_ASC: SortKey(_NAME, "text", False),
    SegmentOrder.NAME_DESC: SortKey(_NAME, "text", True),
    SegmentOrder.CREATED_AT_DESC: SortKey(_CREATED, "timestamptz", True),
    SegmentOrder.CREATED_AT_ASC: SortKey(_CREATED, "timestamptz", False),
    SegmentOrder.MEMBER_COUNT_DESC: SortKey(_COUNT, "bigint", True),
    SegmentOrder.LAST_USED_AT_ASC: SortKey(_USED, "timestamptz", False),
    SegmentOrder.LAST_USED_AT_DESC: SortKey(_USED, "timestamptz", True),
    SegmentOrder.MOVED_DESC: SortKey(_MOVED, "bigint", True),
}


@dataclass(frozen=True, slots=True)
class SegmentFilter:
    """`search`: in the name; `unused_since`: neither used since then nor in use now; `status`: how its rule stands."""

    search: str | None = None
    kind: SegmentKind | None = None
    unused_since: datetime | None = None
    deleted: bool = False
    status: SegmentStatus | None = None


async def page(
    scope: Scope, wanted: SegmentFilter, order: SegmentOrder, first: int, after: tuple[Any, int] | None = None
) -> list[Record]:
    """Up to `first` + 1 segments with COLUMNS and `sort_key` (None: never used), after this (sort_key, id).

    Raises Invalid at `search`.
    """
    p = Parameters(scope.workspace_id, scope.timezone)
    key = _bound(SORT_KEYS[order], scope, p)
    follows = "true" if after is None else _follows(key, after, p)
    direction = "DESC" if key.descending else "ASC"
    sql = f"""
        SELECT {columns_of()}, {"s.last_used_at" if key.expression == _USED else key.expression} AS sort_key
        FROM segments s WHERE {_conditions(wanted, p)} AND {follows}
        ORDER BY {key.expression} {direction}, s.id {direction} LIMIT {p.bind(first + 1, "bigint")}
    """  # noqa: S608 - expressions from the table above, values bound
    return await db.fetch(sql, *await p.values(clock.now()))


async def count(scope: Scope, wanted: SegmentFilter) -> int:
    p = Parameters(scope.workspace_id, scope.timezone)
    sql = f"SELECT count(*) FROM segments s WHERE {_conditions(wanted, p)}"  # noqa: S608 - values bound
    return int(await db.fetch_value(sql, *await p.values(clock.now())))


def _bound(key: SortKey, scope: Scope, p: Parameters) -> SortKey:
    if "{since}" not in key.expression:
        return key
    since = p.bind(days_ago(scope, MOVED_DAYS - 1), "timestamptz")
    return replace(key, expression=key.expression.format(workspace=p.workspace, since=since))


def _follows(key: SortKey, after: tuple[Any, int], p: Parameters) -> str:
    value, segment_id = after
    edge = "'-infinity'::timestamptz" if value is None else p.bind(value, key.sql_type)
    comparison = "<" if key.descending else ">"
    return f"({key.expression}, s.id) {comparison} ({edge}, {p.bind(segment_id, 'bigint')})"


def _conditions(wanted: SegmentFilter, p: Parameters) -> str:
    conditions = [f"s.workspace_id = {p.workspace}"]
    if wanted.deleted:
        conditions.append(f"s.deleted_at > {p.bind(clock.now() - RESTORABLE, 'timestamptz')}")
    else:
        conditions.append("s.deleted_at IS NULL")
    if wanted.search is not None and wanted.search.strip():
        with at("search"):
            text = check_text(wanted.search, MAX_SEARCH).strip()
        conditions.append(f"lower(s.name) LIKE {p.pattern('%', text, '%')}")
    if wanted.kind is not None:
        conditions.append(f"s.kind = {p.bind(wanted.kind, 'text')}")
    if wanted.status is not None:
        conditions.append(f"s.status = {p.bind(wanted.status, 'text')}")
    if wanted.unused_since is not None:
        conditions.append(_unused_since(wanted.unused_since, p))
    return " AND ".join(conditions)


def _unused_since(since: datetime, p: Parameters) -> str:
    used = f"s.last_used_at >= {p.bind(since, 'timestamptz')}"
    return (
        f"({used}) IS NOT TRUE AND NOT EXISTS (SELECT FROM segment_uses u"
        f" WHERE u.workspace_id = {p.workspace} AND u.segment_id = s.id AND u.active)"
    )


async def by_ids(scope: Scope, ids: Sequence[int], *, deleted_too: bool = False) -> list[Record]:
    sql = f"""
        SELECT {columns_of()} FROM segments s
        WHERE s.workspace_id = $1 AND s.id = ANY ($2::bigint[]) AND ($3 OR s.deleted_at IS NULL)
    """  # noqa: S608 - columns from the list above
    return await db.fetch(sql, scope.workspace_id, list(ids), deleted_too)


async def rules_in_words(scope: Scope, rules: Sequence[object]) -> list[str | None]:
    """Returns None where there is no rule, or one that cannot be read any more."""
    catalogue = await load_catalogue(scope, *rules)
    return [None if rule is None else _in_words(rule, catalogue) for rule in rules]


def _in_words(rule: object, catalogue: Catalogue) -> str | None:
    try:
        return describe(check(rule, catalogue, stored=True))
    except Problems:
        return None
