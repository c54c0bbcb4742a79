"""Records and reads what contacts did."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from models import clock, db
from models.accounts import audit_log
from models.contacts import aliases
from models.contacts.aliases import AliasKind
from models.contacts.anonymous_ids import check_anonymous_id, contacts_of
from models.contacts.write import until_written
from models.db import Record
from models.errors import DomainError, Invalid, LimitExceeded, NotFound, Problems, Required, at
from models.membership import dirty_contacts
from models.queue import work
from models.queue.enqueue import enqueue
from models.values.texts import check_name, check_object, check_text
from permissions.principal import Scope

MOST_AT_ONCE: Final = 1_000
MOST_BYTES: Final = 16_384
"""Of the properties as JSON."""

_KIND = re.compile(r"[a-z0-9_.]{1,100}", re.ASCII)


class NewActivity(NamedTuple):
    """One of `contact_id`, `external_id` and `anonymous_id` is set. `occurred_at` None: now."""

    kind: str
    contact_id: int | None = None
    external_id: str | None = None
    occurred_at: datetime | None = None
    properties: Any = None
    idempotency_key: str | None = None
    anonymous_id: str | None = None


class Recorded(NamedTuple):
    """Duplicates have an idempotency key that was used before."""

    recorded: int
    duplicates: int


async def record(scope: Scope, activities: Sequence[NewActivity]) -> Recorded:
    """Record up to MOST_AT_ONCE activities: all, or none. Raises Problems, each at (index, field), or LimitExceeded."""
    if len(activities) > MOST_AT_ONCE:
        raise LimitExceeded(f"{len(activities):,} activities are too many: record at most {MOST_AT_ONCE:,} at once")
    columns = _checked(activities)

    async def record_all() -> Recorded:
        contact_ids = await _contacts_of(scope, activities)
        recorded = await write(scope, contact_ids, *columns)
        if recorded:
            await audit_log.record(scope, "activities_record", "Activity", None, {"recorded": recorded})
        return Recorded(recorded, len(activities) - recorded)

    return await until_written(record_all)


async def write(
    scope: Scope,
    contact_ids: Sequence[int],
    kinds: Sequence[str],
    occurred_at: Sequence[datetime],
    properties: Sequence[str],
    idempotency_keys: Sequence[str | None],
) -> int:
    """Write checked activities of contacts that the ambient transaction holds. Returns how many were new."""
    async with dirty_contacts.as_bulk(only_if=len(contact_ids) > dirty_contacts.MANY):
        new = await db.fetch(
            _INSERT,
            scope.workspace_id,
            list(contact_ids),
            list(kinds),
            list(occurred_at),
            list(properties),
            list(idempotency_keys),
        )
    if new:
        await enqueue(work.PROCESS_CHANGES, scope.workspace_id)
    return len(new)


# Ordered against deadlocks.
_INSERT = """
    INSERT INTO activities (workspace_id, contact_id, kind, occurred_at, properties, idempotency_key)
    SELECT $1, new.contact_id, new.kind, new.occurred_at, new.properties::jsonb, new.idempotency_key
    FROM unnest($2::bigint[], $3::text[], $4::timestamptz[], $5::text[], $6::text[]) WITH ORDINALITY
         AS new (contact_id, kind, occurred_at, properties, idempotency_key, position)
    ORDER BY new.idempotency_key, new.position
    ON CONFLICT (workspace_id, idempotency_key) DO NOTHING RETURNING 1
"""

# Locked, so that no contact is deleted before the insert.
_CONTACTS = """
    SELECT id, external_id FROM contacts
    WHERE workspace_id = $1 AND (id = ANY ($2) OR external_id = ANY ($3)) ORDER BY id FOR KEY SHARE
"""


async def _contacts_of(scope: Scope, activities: Sequence[NewActivity]) -> list[int]:
    ids = [one.contact_id for one in activities if one.contact_id is not None]
    external_ids = [one.external_id for one in activities if one.external_id is not None]
    rows = await db.fetch(_CONTACTS, scope.workspace_id, ids, external_ids)
    by_id, by_external_id = {row["id"]: row["id"] for row in rows}, {row["external_id"]: row["id"] for row in rows}
    await _add_merged(scope.workspace_id, by_id, ids, by_external_id, external_ids)
    visitors = [None if one.anonymous_id is None else check_anonymous_id(one.anonymous_id) for one in activities]
    by_anonymous_id = await contacts_of(scope, [visitor for visitor in visitors if visitor is not None])
    contact_ids = [
        by_id.get(one.contact_id)
        or by_external_id.get(one.external_id)
        or (None if visitor is None else by_anonymous_id.get(visitor))
        for one, visitor in zip(activities, visitors, strict=True)
    ]
    missing: list[DomainError] = [
        NotFound(
            "there is no such contact", (index, "externalId" if activities[index].contact_id is None else "contactId")
        )
        for index, contact_id in enumerate(contact_ids)
        if contact_id is None
    ]
    if missing:
        raise Problems(missing)
    return [contact_id for contact_id in contact_ids if contact_id is not None]


async def _add_merged(
    workspace_id: int,
    by_id: dict[int | None, int],
    ids: Sequence[int],
    by_external_id: dict[str | None, int],
    external_ids: Sequence[str],
) -> None:
    """Adds contacts that are known by an id of one that was merged into them."""
    kept = await aliases.survivors(workspace_id, [one for one in ids if one not in by_id])
    known = await aliases.holders(
        workspace_id, AliasKind.EXTERNAL_ID, [one for one in external_ids if one not in by_external_id]
    )
    if kept or known:
        rows = await db.fetch(_CONTACTS, workspace_id, [*kept.values(), *known.values()], [])
        there = {row["id"] for row in rows}
        by_id.update({one: contact_id for one, contact_id in kept.items() if contact_id in there})
        by_external_id.update({one: contact_id for one, contact_id in known.items() if contact_id in there})


def _checked(activities: Sequence[NewActivity]) -> tuple[list[Any], ...]:
    problems: list[DomainError] = []
    rows = [_check(index, one, problems) for index, one in enumerate(activities)]
    if problems:
        raise Problems(problems)
    return tuple(map(list, zip(*rows, strict=True))) if rows else ([], [], [], [])


def _check(index: int, one: NewActivity, problems: list[DomainError]) -> tuple[Any, ...]:
    values: list[Any] = []
    checks: tuple[tuple[str, Callable[[Any], Any], Any], ...] = (
        ("kind", check_kind, one.kind),
        ("occurredAt", _occurred_at, one.occurred_at),
        ("properties", _properties, one.properties),
        ("idempotencyKey", _idempotency_key, one.idempotency_key),
    )
    for name, check, value in checks:
        try:
            values.append(check(value))
        except Invalid as error:
            problems.append(error.under(index, name))
    problems += _whose(index, one)
    return tuple(values)


def _whose(index: int, one: NewActivity) -> Sequence[DomainError]:
    given = [one.contact_id, one.external_id, one.anonymous_id]
    if all(value is None for value in given):
        return [Required("say whose activity this is: contactId, externalId or anonymousId", (index, "contactId"))]
    if one.contact_id is not None and one.external_id is not None:
        return [Invalid("give either contactId or externalId, not both", (index, "externalId"))]
    if one.anonymous_id is None:
        return []
    if one.contact_id is not None or one.external_id is not None:
        return [Invalid("give anonymousId alone: contactIdentify says whose it is", (index, "anonymousId"))]
    try:
        check_anonymous_id(one.anonymous_id)
    except Invalid as error:
        return [error.under(index, "anonymousId")]
    return []


def check_kind(value: object) -> str:
    """Raises Invalid unless it is text like `purchase` or `product.visit`."""
    kind = check_text(value, 100)
    if not _KIND.fullmatch(kind):
        raise Invalid(f"{kind!r} is not a kind: write it in a-z, 0-9, _ and dots, such as purchase or product.visit")
    return kind


def _occurred_at(value: datetime | None) -> datetime:
    return clock.now() if value is None else value


def _properties(value: Any) -> str:
    return "{}" if value is None else check_object(value, MOST_BYTES)


def _idempotency_key(value: str | None) -> str | None:
    return None if value is None else check_name(value, 200)


Key = tuple[datetime, int]
"""occurred_at, id."""

COLUMNS: Final = "a.id, a.kind, a.occurred_at, a.properties"

_PAGES = f"""
    SELECT contact.id AS contact_id, newest.*
    FROM unnest($2::bigint[]) WITH ORDINALITY AS contact (id, position)
    CROSS JOIN LATERAL (
        SELECT {COLUMNS} FROM activities a
        WHERE a.workspace_id = $1 AND a.contact_id = contact.id
          AND ($4::text IS NULL OR a.kind = $4)
          AND ($5::timestamptz IS NULL OR (a.occurred_at, a.id) < ($5::timestamptz, $6))
        ORDER BY a.occurred_at DESC, a.id DESC LIMIT $3
    ) AS newest
    ORDER BY contact.position, newest.occurred_at DESC, newest.id DESC
"""  # noqa: S608


async def pages(
    scope: Scope, contact_ids: Sequence[int], limit: int, *, kind: str | None = None, after: Key | None = None
) -> Mapping[int, list[Record]]:
    """Returns up to `limit` activities of each contact, newest first, by contact id. Raises Invalid at `kind`."""
    with at("kind"):
        kind = None if kind is None else check_kind(kind)
    occurred_at, after_id = after or (None, None)
    rows = await db.fetch(_PAGES, scope.workspace_id, list(contact_ids), limit, kind, occurred_at, after_id)
    pages: dict[int, list[Record]] = {contact_id: [] for contact_id in contact_ids}
    for row in rows:
        pages[row["contact_id"]].append(row)
    return pages


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[Record]:
    sql = f"SELECT {COLUMNS} FROM activities a WHERE a.workspace_id = $1 AND a.id = ANY ($2)"  # noqa: S608
    return await db.fetch(sql, scope.workspace_id, list(ids))
