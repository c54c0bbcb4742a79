"""Who a visitor is, and contacts that are one person."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models.contacts.find import contacts_by_ids
from models.db import dump_json
from models.identity import duplicate_searches, duplicates
from models.identity.identify import identify
from models.identity.merge import merge_contacts
from models.identity.preview import preview
from models.identity.unmerge import unmerge
from models.segments import lists
from permissions.capabilities import Permission
from schema.contacts.identity_types import ContactMerge, ContactMergePayload, MergeChoiceInput, choices_of
from schema.contacts.inputs import ContactInput
from schema.contacts.mutations import ContactPayload
from schema.contacts.types import Contact
from schema.server.context import Info
from schema.server.execution.batched import Loader, batched
from schema.server.execution.rows import mapped, read, shown
from schema.server.guard import admit, mutation, query, scope_of
from schema.server.ids import find_id, get_id, to_global_id
from schema.server.types.connection import PageInfo, page_of, page_size
from schema.server.types.cursors import Cursors, a_number
from schema.server.types.delete_payload import DeletePayload
from schema.server.types.scalars import JSON

if TYPE_CHECKING:
    Segment = Any  # schema.segments.types imports schema.contacts

# ---------------------------------------------------------------- pairs


def _contacts(column: str) -> Loader:
    async def load(rows: Sequence[Any], info: Info) -> Sequence[Any]:
        ids = {read(row, column) for row in rows}
        by_id = {row["id"]: row for row in await contacts_by_ids(scope_of(info), list(ids))}
        return [by_id.get(read(row, column)) for row in rows]

    return load


async def _searched_at(pages: Sequence[Any], info: Info) -> Sequence[datetime | None]:
    searched = await duplicate_searches.state(scope_of(info))
    return [searched.at for _ in pages]


async def _are_searching(pages: Sequence[Any], info: Info) -> Sequence[bool]:
    searched = await duplicate_searches.state(scope_of(info))
    return [searched.is_asked for _ in pages]


@strawberry.type(description="Two contacts that may be one person.")
class DuplicatePair:
    a: Contact = batched(_contacts("older_id"))
    b: Contact = batched(_contacts("id"))
    likeness: float = strawberry.field(description="0 to 1.")
    reasons: list[str]


@strawberry.type
class DuplicatePairEdge:
    cursor: str
    node: DuplicatePair


@strawberry.type
class DuplicatePairConnection:
    edges: list[DuplicatePairEdge]
    nodes: list[DuplicatePair]
    page_info: PageInfo
    searched_at: datetime | None = batched(
        _searched_at,
        description="When names were compared: now, or with more than 20,000 contacts when it was last asked for; null: not yet.",
    )
    is_searching: bool = batched(
        _are_searching, description="Whether names are being compared anew: ask again in a while."
    )


# ---------------------------------------------------------------- what a merge would do


@strawberry.type(description="A field in which two contacts differ.")
class MergedField:
    field: str = strawberry.field(description="The field's name, such as email or attributes.city.")
    kept: JSON | None = mapped("kept", dump_json, description="The kept contact's value.")
    merged: JSON | None = mapped("merged", dump_json, description="The merged contact's value.")
    result: JSON | None = mapped("result", dump_json, description="What the kept contact will have.")


def _segments(column: str) -> Loader:
    async def load(rows: Sequence[Any], info: Info) -> Sequence[Any]:
        admit(info.context, Permission.SEGMENT_READ)
        wanted = sorted({segment_id for row in rows for segment_id in read(row, column)})
        by_id = {row["id"]: row for row in await lists.by_ids(scope_of(info), wanted)}
        return [[by_id[segment_id] for segment_id in read(row, column) if segment_id in by_id] for row in rows]

    return load


@strawberry.type(description="What a merge would do, computed by the statements that would do it.")
class ContactMergePreview:
    blocked: list[str] = strawberry.field(description="Says why it may not be done; empty when it may.")
    fields: list[MergedField] = strawberry.field(description="The fields in which the two differ.")
    entering: list[Annotated["Segment", strawberry.lazy("schema.segments.types")]] = batched(
        _segments("entering"), description="Segments that the kept contact will enter."
    )
    leaving: list[Annotated["Segment", strawberry.lazy("schema.segments.types")]] = batched(
        _segments("leaving"), description="Segments that the kept contact will leave."
    )
    activities: int = strawberry.field(description="How many activities move to the kept contact.")


_KEEP = Annotated[strawberry.ID, strawberry.argument(description="The contact that goes on.")]
_MERGE = Annotated[strawberry.ID, strawberry.argument(description="The contact that is merged into it.")]
_CHOICES = Annotated[
    list[MergeChoiceInput] | None,
    strawberry.argument(
        description="Which values survive; without a choice the kept contact's, filled from the other's."
    ),
]


@strawberry.type
class IdentityQuery:
    @query(Permission.CONTACT_READ, description="What contactsMerge would do; nothing is changed.")
    async def contacts_merge_preview(
        self, info: Info, keep_id: _KEEP, merge_id: _MERGE, choices: _CHOICES = None
    ) -> ContactMergePreview:
        found = await preview(scope_of(info), *_both(keep_id, merge_id), choices_of(choices))
        return shown(ContactMergePreview, found)

    @query(
        Permission.CONTACT_READ,
        description="Contacts with one phone number, those that WhatsApp says are one person, and those with names alike and"
        " another hint. None is merged by itself.",
    )
    async def duplicate_contacts(
        self,
        info: Info,
        first: int | None = 50,
        after: str | None = None,
        contact_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only pairs with this contact.")
        ] = None,
    ) -> DuplicatePairConnection:
        scope = scope_of(info)
        cursors = Cursors(scope, "duplicateContacts")
        key = cursors.read(after, a_number, a_number)
        rows = await duplicates.pairs(
            scope,
            page_size(first) + 1,
            after=(0, 0) if key is None else (key[0], key[1]),
            contact_id=None if contact_id is None else find_id("Contact", contact_id) or 0,
        )
        return shown(
            DuplicatePairConnection,
            page_of(rows, first, after, lambda row: cursors.write(row["id"], row["older_id"])),
        )


@strawberry.type
class IdentityMutation:
    @mutation(
        Permission.CONTACT_WRITE,
        ContactPayload,
        description="Says who a visitor is: the anonymous contact becomes it, or is merged into the one that has these ids. A"
        " visitor who is somebody else already starts anew: a shared device is no proof.",
    )
    async def contact_identify(
        self,
        info: Info,
        anonymous_id: Annotated[str, strawberry.argument(description="What the visitor's browser calls itself.")],
        input: ContactInput,
    ) -> ContactPayload:
        notices: list[str] = []
        contact, created = await identify(scope_of(info), anonymous_id, input.values(), notices)
        return ContactPayload(contact=shown(Contact, contact), created=created, notices=notices)

    @mutation(
        Permission.CONTACT_WRITE,
        ContactMergePayload,
        description="An opt-out wins over everything; else the kept contact's values, filled from the other's, or as `choices`"
        " say.",
    )
    async def contacts_merge(
        self, info: Info, keep_id: _KEEP, merge_id: _MERGE, choices: _CHOICES = None
    ) -> ContactMergePayload:
        merged = await merge_contacts(scope_of(info), *_both(keep_id, merge_id), choices_of(choices))
        return ContactMergePayload(merge=shown(ContactMerge, merged))

    @mutation(
        Permission.CONTACT_WRITE,
        ContactMergePayload,
        description="Within 30 days. What changed since stays with the kept contact.",
    )
    async def contact_unmerge(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The merge.")]
    ) -> ContactMergePayload:
        notices: list[str] = []
        undone = await unmerge(scope_of(info), get_id("ContactMerge", id, ("id",)), notices)
        return ContactMergePayload(merge=shown(ContactMerge, undone), notices=notices)

    @mutation(Permission.CONTACT_WRITE, DeletePayload, description="Not the same person: is not suggested again.")
    async def duplicate_dismiss(
        self,
        info: Info,
        a: Annotated[strawberry.ID, strawberry.argument(description="One of the two contacts.")],
        b: Annotated[strawberry.ID, strawberry.argument(description="The other one.")],
    ) -> DeletePayload:
        one, other = get_id("Contact", a, ("a",)), get_id("Contact", b, ("b",))
        dismissed = await duplicates.dismiss(scope_of(info), one, other)
        return DeletePayload(deleted_id=strawberry.ID(to_global_id("Contact", dismissed.other_id)))


def _both(keep_id: str, merge_id: str) -> tuple[int, int]:
    return get_id("Contact", keep_id, ("keepId",)), get_id("Contact", merge_id, ("mergeId",))
