"""Pairs of contacts that are one person."""

from collections.abc import Sequence
from typing import Any

import strawberry

from models.contacts import twins
from models.contacts.find import contacts_by_ids
from permissions.capabilities import Permission
from schema.contacts.types import Contact
from schema.server.context import Info
from schema.server.execution.batched import Loader, batched
from schema.server.execution.rows import derived, read, shown
from schema.server.guard import query, scope_of
from schema.server.types.connection import PageInfo, page_of, page_size
from schema.server.types.cursors import Cursors, a_number


def _contacts(column: str) -> Loader:
    async def load(rows: Sequence[Any], info: Info) -> Sequence[Any]:
        ids = {read(row, column) for row in rows}
        by_id = {row["id"]: row for row in await contacts_by_ids(scope_of(info), list(ids))}
        return [by_id.get(read(row, column)) for row in rows]

    return load


@strawberry.type(description="Two contacts that may be one person.")
class DuplicatePair:
    a: Contact = batched(_contacts("older_id"))
    b: Contact = batched(_contacts("id"))
    likeness: float = derived(lambda _: 1.0, description="0 to 1.")
    reasons: list[str] = derived(lambda row: [row["reason"]])


@strawberry.type
class DuplicatePairEdge:
    cursor: str
    node: DuplicatePair


@strawberry.type
class DuplicatePairConnection:
    edges: list[DuplicatePairEdge]
    nodes: list[DuplicatePair]
    page_info: PageInfo


@strawberry.type
class DuplicateQuery:
    @query(
        Permission.CONTACT_READ,
        description="Contacts with one phone number, from before all its spellings were known as one, and contacts that WhatsApp"
        " says are one person. None is merged.",
    )
    async def duplicate_contacts(
        self, info: Info, first: int | None = 50, after: str | None = None
    ) -> DuplicatePairConnection:
        scope = scope_of(info)
        cursors = Cursors(scope, "duplicateContacts")
        key = cursors.read(after, a_number, a_number)
        rows = await twins.pairs(scope, page_size(first) + 1, after=(0, 0) if key is None else (key[0], key[1]))
        return shown(
            DuplicatePairConnection,
            page_of(rows, first, after, lambda row: cursors.write(row["id"], row["older_id"])),
        )
