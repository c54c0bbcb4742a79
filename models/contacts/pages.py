"""Contacts page by page: searched, of a segment, or found by a rule; in any order, and counted.

A page goes on after the sort key of its last row, so that contacts made in between neither repeat a row nor hide one. Contacts
that have nothing to be ordered by come last, in either direction.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

from models import clock, db
from models.contacts import selections
from models.contacts.contacts import columns_of
from models.db import Record
from models.rules.parameters import Parameters
from models.values.instants import clamped_sql
from permissions.principal import Scope


class ContactOrder(StrEnum):
    """In which order contacts are listed."""

    CREATED_AT_DESC = "CREATED_AT_DESC"
    CREATED_AT_ASC = "CREATED_AT_ASC"
    NAME_ASC = "NAME_ASC"
    NAME_DESC = "NAME_DESC"
    LAST_INTERACTION_AT_DESC = "LAST_INTERACTION_AT_DESC"
    LAST_INTERACTION_AT_ASC = "LAST_INTERACTION_AT_ASC"


@dataclass(frozen=True, slots=True)
class ContactCriteria:
    """Which contacts: those that fit all that is set. `rule` is one in the shape of `segments.rule`."""

    search: str | None = None
    segment_id: int | None = None
    rule: object = None


class ContactPosition(NamedTuple):
    """Where a contact stands in its order: its sort key (None: it has none) and its id."""

    sort_key: Any
    number: int


class _By(NamedTuple):
    """What an order sorts by, and which way."""

    expression: str
    sql_type: str
    nullable: bool
    descending: bool
    without_key: bool = False
    """Speak of those that have nothing to be sorted by."""


_CREATED, _NAME, _LAST = "c.created_at", "lower(c.name)", "c.last_interaction_at"

_BY: Final = {
    ContactOrder.CREATED_AT_DESC: _By(_CREATED, "timestamptz", nullable=False, descending=True),
    ContactOrder.CREATED_AT_ASC: _By(_CREATED, "timestamptz", nullable=False, descending=False),
    ContactOrder.NAME_ASC: _By(_NAME, "text", nullable=True, descending=False),
    ContactOrder.NAME_DESC: _By(_NAME, "text", nullable=True, descending=True),
    ContactOrder.LAST_INTERACTION_AT_DESC: _By(_LAST, "timestamptz", nullable=True, descending=True),
    ContactOrder.LAST_INTERACTION_AT_ASC: _By(_LAST, "timestamptz", nullable=True, descending=False),
}


def may_lack_its_key(order: ContactOrder) -> bool:
    """Whether there may be contacts without what this order sorts by: they come last."""
    return _BY[order].nullable


def sorts_by_time(order: ContactOrder) -> bool:
    """Whether the sort keys of this order are instants (otherwise they are text)."""
    return _BY[order].sql_type == "timestamptz"


async def page(
    scope: Scope,
    wanted: ContactCriteria,
    order: ContactOrder,
    limit: int,
    *,
    after: ContactPosition | None,
    names: Iterable[str],
) -> list[Record]:
    """Up to `limit` contacts after the place `after`, with the columns `names` and their `sort_key`.

    Raises Problems or NotFound, at `search`, `segmentId` or `filter`, when what is wanted makes no sense.
    """
    by, rows = _BY[order], list[Record]()
    if after is None or after.sort_key is not None or not by.nullable:
        rows = await _part(scope, wanted, by, limit, after, names)
    if by.nullable and len(rows) < limit:
        beyond = after if after is not None and after.sort_key is None else None
        rows += await _part(scope, wanted, by._replace(without_key=True), limit - len(rows), beyond, names)
    return rows


async def _part(
    scope: Scope, wanted: ContactCriteria, by: _By, limit: int, after: ContactPosition | None, names: Iterable[str]
) -> list[Record]:
    """Those that have a sort key, or those that have none."""
    p = Parameters(scope.workspace_id, scope.timezone)
    which = [await _condition(scope, wanted, p)]
    if by.nullable:
        which.append(f"{by.expression} IS {'' if by.without_key else 'NOT '}NULL")
    if after is not None:
        which.append(_beyond(by, after, p))
    way = "DESC" if by.descending else "ASC"
    sql = f"""
        SELECT {columns_of(names, p.workspace)}, {_told(by)} AS sort_key
        FROM contacts c WHERE {" AND ".join(which)}
        ORDER BY {by.expression} {way}, c.id {way} LIMIT {p.bind(limit, "bigint")}
    """  # noqa: S608 - columns of the catalogue, and bound values
    return await db.fetch(sql, *await p.values(clock.now()))


def _told(by: _By) -> str:
    return by.expression if by.sql_type == "text" else clamped_sql(by.expression, by.sql_type)


def _beyond(by: _By, after: ContactPosition, p: Parameters) -> str:
    than, number = "<" if by.descending else ">", p.bind(after.number, "bigint")
    if by.without_key:
        return f"c.id {than} {number}"
    sort_key = p.bind(after.sort_key, "text") if by.sql_type == "text" else p.time(after.sort_key, by.sql_type)
    return f"({by.expression}, c.id) {than} ({sort_key}, {number})"


async def count(scope: Scope, wanted: ContactCriteria) -> int:
    """How many contacts are wanted, exactly."""
    p = Parameters(scope.workspace_id, scope.timezone)
    condition = await _condition(scope, wanted, p)
    sql = f"SELECT count(*) FROM contacts c WHERE {condition}"  # noqa: S608
    number: int = await db.fetch_value(sql, *await p.values(clock.now()))
    return number


async def _condition(scope: Scope, wanted: ContactCriteria, p: Parameters) -> str:
    which = [f"c.workspace_id = {p.workspace}"]
    if wanted.search is not None and wanted.search.strip():
        which.append(selections.by_search(wanted.search, p, ("search",)))
    if wanted.segment_id is not None:
        which.append(await selections.by_segment(scope, wanted.segment_id, p, ("segmentId",)))
    if wanted.rule is not None:
        which.append(await selections.by_rule(scope, wanted.rule, p, ("filter",)))
    return " AND ".join(f"({one})" for one in which)
