"""Pages of contacts. Those without a sort key come last, in either direction."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, NamedTuple

from models import clock, db
from models.contacts import selections
from models.contacts.columns import columns_of
from models.db import Record
from models.rules.fields import score_sql
from models.rules.parameters import Parameters
from models.rules.tree import Field, FieldType
from permissions.principal import Scope


class ContactOrder(StrEnum):
    CREATED_AT_DESC = "CREATED_AT_DESC"
    CREATED_AT_ASC = "CREATED_AT_ASC"
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    LAST_INTERACTION_AT_DESC = "LAST_INTERACTION_AT_DESC"
    LAST_INTERACTION_AT_ASC = "LAST_INTERACTION_AT_ASC"


@dataclass(frozen=True, slots=True)
class ContactCriteria:
    """All that is set must fit. `rule` is JSON as in `segments.rule`."""

    search: str | None = None
    segment_id: int | None = None
    rule: object = None


class ContactPosition(NamedTuple):
    """`key` None: the contact has no sort key."""

    sort_key: Any
    id: int


class _SortKey(NamedTuple):
    expression: str
    sql_type: str
    nullable: bool
    descending: bool
    without_key: bool = False


_CREATED, _NAME, _LAST = "c.created_at", "lower(c.name)", "c.last_interaction_at"

_SORT_KEYS: Final = {
    ContactOrder.CREATED_AT_DESC: _SortKey(_CREATED, "timestamptz", nullable=False, descending=True),
    ContactOrder.CREATED_AT_ASC: _SortKey(_CREATED, "timestamptz", nullable=False, descending=False),
    ContactOrder.NAME_ASC: _SortKey(_NAME, "text", nullable=True, descending=False),
    ContactOrder.NAME_DESC: _SortKey(_NAME, "text", nullable=True, descending=True),
    ContactOrder.LAST_INTERACTION_AT_DESC: _SortKey(_LAST, "timestamptz", nullable=True, descending=True),
    ContactOrder.LAST_INTERACTION_AT_ASC: _SortKey(_LAST, "timestamptz", nullable=True, descending=False),
}


def may_lack_its_key(order: ContactOrder) -> bool:
    return _SORT_KEYS[order].nullable


def sorts_by_time(order: ContactOrder) -> bool:
    """Whether the sort keys of this order are instants; otherwise they are text."""
    return _SORT_KEYS[order].sql_type == "timestamptz"


async def page(
    scope: Scope,
    criteria: ContactCriteria,
    order: ContactOrder,
    limit: int,
    *,
    after: ContactPosition | None,
    names: Iterable[str],
    score: str | None = None,
    skip: int = 0,
) -> list[Record]:
    """Each row has `names` and `sort_key`. `score`: the key of a score to order by, the highest first, instead of `order`.

    `skip` contacts after `after` are passed over. The database counts them, so a far jump costs more than a near one.
    Raises Problems, Invalid or NotFound at `search`, `segmentId` or `filter`.
    """
    key, rows = _SORT_KEYS[order] if score is None else _by_score(score), list[Record]()
    if skip > 0:
        after = await _position(scope, criteria, key, skip, after)
        if after is None:
            return rows
    if after is None or after.sort_key is not None or not key.nullable:
        rows = await _part(scope, criteria, key, limit, after, names)
    if key.nullable and len(rows) < limit:
        after_without = after if after is not None and after.sort_key is None else None
        rows += await _part(scope, criteria, key._replace(without_key=True), limit - len(rows), after_without, names)
    return rows


async def _position(
    scope: Scope, criteria: ContactCriteria, key: _SortKey, number: int, after: ContactPosition | None
) -> ContactPosition | None:
    """The position of the contact with this number after `after`, from 1; None when there are fewer."""
    rows = list[Record]()
    if after is None or after.sort_key is not None or not key.nullable:
        rows = await _part(scope, criteria, key, 1, after, (), skip=number - 1)
        if not rows and key.nullable:
            number -= await _count_with_key(scope, criteria, key, after)
            after = None
    if not rows and key.nullable:
        rows = await _part(scope, criteria, key._replace(without_key=True), 1, after, (), skip=number - 1)
    return ContactPosition(rows[0]["sort_key"], rows[0]["id"]) if rows else None


async def _part(
    scope: Scope,
    criteria: ContactCriteria,
    key: _SortKey,
    limit: int,
    after: ContactPosition | None,
    names: Iterable[str],
    skip: int = 0,
) -> list[Record]:
    p = Parameters(scope.workspace_id, scope.timezone)
    condition = await _part_condition(scope, criteria, key, after, p)
    direction = "DESC" if key.descending else "ASC"
    skipped = f" OFFSET {p.bind(skip, 'bigint')}" if skip else ""
    sql = f"""
        SELECT {columns_of(names, p.workspace)}, {_sort_key_sql(key)} AS sort_key
        FROM contacts c WHERE {condition}
        ORDER BY {key.expression} {direction}, c.id {direction} LIMIT {p.bind(limit, "bigint")}{skipped}
    """  # noqa: S608 - columns of the catalogue, and bound values
    return await db.fetch(sql, *await p.values(clock.now()))


async def _count_with_key(scope: Scope, criteria: ContactCriteria, key: _SortKey, after: ContactPosition | None) -> int:
    p = Parameters(scope.workspace_id, scope.timezone)
    condition = await _part_condition(scope, criteria, key, after, p)
    sql = f"SELECT count(*) FROM contacts c WHERE {condition}"  # noqa: S608 - as above
    contacts: int = await db.fetch_value(sql, *await p.values(clock.now()))
    return contacts


async def _part_condition(
    scope: Scope, criteria: ContactCriteria, key: _SortKey, after: ContactPosition | None, p: Parameters
) -> str:
    conditions = [await _condition(scope, criteria, p)]
    if key.nullable:
        conditions.append(f"{key.expression} IS {'' if key.without_key else 'NOT '}NULL")
    if after is not None:
        conditions.append(_after(key, after, p))
    return " AND ".join(conditions)


def _by_score(key: str) -> _SortKey:
    """Contacts that the engine has not seen yet come last."""
    return _SortKey(
        score_sql(Field(f"scores.{key}", "", FieldType.NUMBER, score=True)), "numeric", nullable=True, descending=True
    )


def _sort_key_sql(key: _SortKey) -> str:
    if key.sql_type == "numeric":
        return f"({key.expression})::text"
    return key.expression


def _after(key: _SortKey, after: ContactPosition, p: Parameters) -> str:
    operator, after_id = "<" if key.descending else ">", p.bind(after.id, "bigint")
    if key.without_key:
        return f"c.id {operator} {after_id}"
    if key.sql_type == "numeric":
        sort_key = p.bind(Decimal(after.sort_key), "numeric")
    else:
        sort_key = p.bind(after.sort_key, "text") if key.sql_type == "text" else p.time(after.sort_key, key.sql_type)
    return f"({key.expression}, c.id) {operator} ({sort_key}, {after_id})"


async def count(scope: Scope, criteria: ContactCriteria) -> int:
    """Counts every contact that fits: it is exact, and slow for many contacts."""
    p = Parameters(scope.workspace_id, scope.timezone)
    condition = await _condition(scope, criteria, p)
    sql = f"SELECT count(*) FROM contacts c WHERE {condition}"  # noqa: S608
    contacts: int = await db.fetch_value(sql, *await p.values(clock.now()))
    return contacts


async def _condition(scope: Scope, criteria: ContactCriteria, p: Parameters) -> str:
    conditions = [f"c.workspace_id = {p.workspace}"]
    if criteria.search is not None and criteria.search.strip():
        conditions.append(selections.by_search(scope, criteria.search, p, ("search",)))
    if criteria.segment_id is not None:
        conditions.append(await selections.by_segment(scope, criteria.segment_id, p, ("segmentId",)))
    if criteria.rule is not None:
        conditions.append(await selections.by_rule(scope, criteria.rule, p, ("filter",)))
    return " AND ".join(f"({one})" for one in conditions)
