"""Aliases and merges of contacts as the API shows them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models.contacts import aliases
from models.contacts.aliases import own_aliases
from models.contacts.find import contacts_by_ids
from models.errors import Invalid
from models.identity import merges
from models.identity.snapshots import UNDOABLE
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.accounts.audit_log import actors_of
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import global_id, ids_of, mapped, read
from schema.server.guard import scope_of
from schema.server.types.connection import Page, PageInfo, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, read_for_each
from schema.server.types.nodes import Node, node
from schema.server.user_errors import UserError

if TYPE_CHECKING:
    Contact = Any  # schema.contacts.types imports this module


@strawberry.enum
class ContactAliasKind(StrEnum):
    EXTERNAL_ID = "EXTERNAL_ID"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    ANONYMOUS_ID = "ANONYMOUS_ID"


@strawberry.type(description="An id that a contact is known by.")
class ContactAlias:
    kind: ContactAliasKind = mapped("kind", ContactAliasKind)
    value: str
    since: datetime


async def aliases_of(contacts: Sequence[Any], info: Info) -> Sequence[Any]:
    scope, ids = scope_of(info), ids_of(contacts)
    rows = {row["id"]: row for row in await contacts_by_ids(scope, ids)}
    more = await aliases.of_contacts(scope.workspace_id, ids)
    return [_aliases(rows[contact_id], more[contact_id]) if contact_id in rows else [] for contact_id in ids]


def _aliases(contact: Any, more: Sequence[Any]) -> list[dict[str, Any]]:
    own = [{"kind": kind, "value": value, "since": contact["created_at"]} for kind, value in own_aliases(contact)]
    known = {(one["kind"], one["value"]) for one in own}
    return own + [dict(row) for row in more if (row["kind"], row["value"]) not in known]


async def anonymous_of(contacts: Sequence[Any], info: Info) -> Sequence[bool]:
    ids = ids_of(contacts)
    rows = {row["id"]: row for row in await contacts_by_ids(scope_of(info), ids, ("external_id", "email", "phone"))}
    return [contact_id in rows and not own_aliases(rows[contact_id]) for contact_id in ids]


# ---------------------------------------------------------------- merges


async def _kept_of(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    scope = scope_of(info)
    kept = {read(row, "kept_id") for row in rows}
    moved = await aliases.survivors(scope.workspace_id, sorted(kept))
    found = {row["id"]: row for row in await contacts_by_ids(scope, [moved.get(one, one) for one in kept])}
    return [found.get(moved.get(read(row, "kept_id"), read(row, "kept_id"))) for row in rows]


@strawberry.type(description="A merge of two contacts.")
class ContactMerge(Node):
    id: strawberry.ID = global_id("ContactMerge")
    kept: Annotated["Contact", strawberry.lazy("schema.contacts.types")] = batched(
        _kept_of, description="The contact that goes on."
    )
    merged_id: strawberry.ID = global_id(
        "Contact",
        "merged_id",
        description="The id that the merged contact had; `contact(id:)` and `node` answer with the kept one.",
    )
    at: datetime = strawberry.field(description="When they were merged.")
    by: Node | None = batched(actors_of, description="The member or API token; null when it is neither.")
    undoable_until: datetime = mapped(
        "at", lambda at: at + UNDOABLE, description="Until then `contactUnmerge` undoes it."
    )
    undone_at: datetime | None = strawberry.field(description="When it was undone.")


@strawberry.type
class ContactMergeEdge:
    cursor: str
    node: ContactMerge


@strawberry.type
class ContactMergeConnection:
    edges: list[ContactMergeEdge]
    nodes: list[ContactMerge]
    page_info: PageInfo


async def merges_of(
    contacts: Sequence[Any], info: Info, first: int | None = 20, after: str | None = None
) -> Sequence[Page | Invalid]:
    scope, ids = scope_of(info), ids_of(contacts)
    lists = [Cursors(scope, "Contact.merges", contact_id) for contact_id in ids]
    key, problems = read_for_each(lists, after, a_number)
    before = None if key is None else int(key[0])
    pages = await merges.pages(scope, ids, page_size(first) + 1, after=before)
    return [
        problem or page_of(pages[contact_id], first, after, _writer(cursors))
        for contact_id, cursors, problem in zip(ids, lists, problems, strict=True)
    ]


def _writer(cursors: Cursors) -> Callable[[Any], str]:
    return lambda row: cursors.write(row["id"])


@strawberry.type
class ContactMergePayload:
    merge: ContactMerge | None = None
    notices: list[str] = strawberry.field(
        default_factory=list, description="What could not be given back by an undoing, and why."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.input(description="Which of two values survives a merge.")
class MergeChoiceInput:
    field: str = strawberry.field(
        description="A field in which the two contacts differ, such as email or attributes.city."
    )
    take_merged: bool = strawberry.field(description="Take the merged contact's value.")


def choices_of(given: Sequence[MergeChoiceInput] | None) -> dict[str, bool]:
    return {choice.field: choice.take_merged for choice in given or ()}


@node("ContactMerge", Permission.CONTACT_READ)
async def _merges(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await merges.by_ids(scope, ids)
