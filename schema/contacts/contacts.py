"""Contacts, their custom fields and their tags."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry import UNSET

from models.contacts import fields, tags
from models.contacts import pages as contact_pages
from models.contacts.built_in_fields import path_of
from models.contacts.create import create_contact
from models.contacts.delete import delete_contacts
from models.contacts.find import contacts_by_ids, find_contact
from models.contacts.pages import ContactCriteria, ContactOrder, ContactPosition
from models.contacts.tagging import add_tags, remove_tags
from models.contacts.update import update_contact
from models.contacts.upsert import upsert_contact
from models.errors import Invalid, Required, at
from models.membership.origins import Origin
from models.rules.depends import segments_mentioned
from models.rules.tree import FieldType
from models.segments import of_contacts
from models.segments.lists import COLUMNS as SEGMENT_COLUMNS
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.accounts.members import DeletePayload
from schema.contacts.activities import ActivityConnection, activities_of
from schema.membership.changes import MembershipHistoryConnection, membership_history
from schema.rules.rule_input import RuleInput, rule_from_input
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.lookahead import selected
from schema.server.execution.rows import all_shown, outside_id, read, shown
from schema.server.guard import admit, mutation, query, scope_of
from schema.server.ids import find_id, get_id, to_global_id
from schema.server.types.connection import Page, PageInfo, counted, page_of, page_size
from schema.server.types.cursors import (
    Reader,
    a_number,
    a_text,
    an_instant,
    exactly,
    from_cursor,
    nothing_or,
    to_cursor,
)
from schema.server.types.nodes import Node, node
from schema.server.types.scalars import JSON
from schema.server.user_errors import UserError

if TYPE_CHECKING:
    Segment = Any  # schema.segments.segments is built on this file

strawberry.enum(FieldType)
strawberry.enum(ContactOrder)


@strawberry.enum
class WhatsAppConsent(StrEnum):
    """What a contact said about messages on WhatsApp."""

    UNKNOWN = "UNKNOWN"
    OPTED_IN = "OPTED_IN"
    OPTED_OUT = "OPTED_OUT"


# ---------------------------------------------------------------- types


@strawberry.type(description="A custom field of the workspace's contacts.")
class ContactField(Node):
    """A row of contact_fields."""

    id: strawberry.ID = outside_id("ContactField")
    key: str = strawberry.field(description="Stable key, a-z 0-9 _, used in rules and imports.")
    label: str
    type: FieldType
    choices: list[str] | None = strawberry.field(description="For CHOICE and MULTI_CHOICE.")


async def _segments_of(
    rows: Sequence[Any], info: Info, first: int | None = 50, after: str | None = None
) -> Sequence[Page]:
    """A page of segments for each contact."""
    admit(info.context, Permission.SEGMENT_READ)
    scope, numbers = scope_of(info), [read(row, "id") for row in rows]
    names = selected(info, "nodes") | selected(info, "edges", "node")
    columns = names if names <= set(SEGMENT_COLUMNS) else frozenset(SEGMENT_COLUMNS)
    columns |= selected(info, "edges")
    pages = await of_contacts.pages(scope, numbers, page_size(first) + 1, after=_segment_after(after), names=columns)
    counts = await of_contacts.counts(scope, numbers) if "total_count" in selected(info) else {}

    async def count(number: int) -> int:
        return counts.get(number, 0)

    return [page_of(pages[number], first, after, _segment_cursor, partial(count, number)) for number in numbers]


def _segment_cursor(row: Any) -> str:
    return to_cursor(row["id"])


def _segment_after(cursor: str | None) -> int:
    (number,) = (0,) if cursor is None else from_cursor(cursor, a_number)
    return int(number)


@strawberry.type
class Contact(Node):
    """A row of contacts."""

    id: strawberry.ID = outside_id("Contact")
    external_id: str | None = strawberry.field(
        description="The caller's own key for this contact, unique in the workspace."
    )
    name: str | None
    email: str | None = strawberry.field(description="Lower case; unique in the workspace.")
    phone: str | None = strawberry.field(description="E.164; unique in the workspace.")
    date_of_birth: date | None
    subscribed_at: datetime | None
    last_interaction_at: datetime | None
    score: int
    whatsapp_consent: WhatsAppConsent
    tags: list[str] = strawberry.field(
        description="A tag is one tag whatever its case; it is shown as it was first written."
    )
    attributes: JSON = strawberry.field(description="Values of custom fields by key; an unset field is absent.")
    created_at: datetime
    updated_at: datetime
    segments: "ContactSegmentConnection" = batched(_segments_of)
    activities: ActivityConnection = batched(activities_of)
    membership_history: MembershipHistoryConnection = batched(
        membership_history, description="When this contact entered and left segments, newest first."
    )


@strawberry.type
class ContactSegmentEdge:
    """A segment, and since when and by what the contact is in it."""

    cursor: str
    node: Annotated["Segment", strawberry.lazy("schema.segments.segments")]
    joined_at: datetime
    origin: Origin


@strawberry.type
class ContactSegmentConnection:
    """The segments that a contact is in."""

    edges: list[ContactSegmentEdge]
    nodes: list[Annotated["Segment", strawberry.lazy("schema.segments.segments")]]
    page_info: PageInfo
    total_count: int = counted()


@strawberry.type
class ContactEdge:
    """A contact in its place."""

    cursor: str
    node: Contact


@strawberry.type
class ContactConnection:
    """A page of contacts."""

    edges: list[ContactEdge]
    nodes: list[Contact]
    page_info: PageInfo
    total_count: int = counted()


@node("Contact", Permission.CONTACT_READ)
async def _contacts(scope: Scope, numbers: Sequence[int]) -> Sequence[Any]:
    return await contacts_by_ids(scope, numbers)


@node("ContactField", Permission.CONTACT_READ)
async def _contact_fields(scope: Scope, numbers: Sequence[int]) -> Sequence[Any]:
    return await fields.by_ids(scope, numbers)


# ---------------------------------------------------------------- inputs and payloads


@strawberry.input
class ContactFieldCreateInput:
    """A new custom field."""

    key: str
    label: str
    type: FieldType
    choices: list[str] | None = None


@strawberry.input(description="An absent field is left as it is; null clears it.")
class ContactInput:
    """What a caller wants of a contact."""

    external_id: str | None = UNSET
    name: str | None = UNSET
    email: str | None = UNSET
    phone: str | None = UNSET
    date_of_birth: date | None = UNSET
    subscribed_at: datetime | None = UNSET
    last_interaction_at: datetime | None = UNSET
    score: int | None = UNSET
    whatsapp_consent: WhatsAppConsent | None = UNSET
    tags: list[str] | None = UNSET
    attributes: JSON | None = strawberry.field(
        default=UNSET, description="Merged key by key; a null value clears that key."
    )

    def values(self) -> Mapping[str, Any]:
        """What was given, by column."""
        return {name: value for name, value in vars(self).items() if value is not UNSET}


@strawberry.type
class ContactFieldPayload:
    """Of contactFieldCreate."""

    contact_field: ContactField | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ContactPayload:
    """Of contactCreate, contactUpdate and contactUpsert."""

    contact: Contact | None = None
    created: bool = False
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ContactsPayload:
    """Of what changes many contacts."""

    contacts: list[Contact] = strawberry.field(default_factory=list)
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ContactsDeletePayload:
    """Of contactsDelete."""

    deleted_ids: list[strawberry.ID] = strawberry.field(default_factory=list)
    user_errors: list[UserError] = strawberry.field(default_factory=list)


# ---------------------------------------------------------------- queries


@strawberry.type
class ContactQuery:
    """Contacts, found and listed."""

    @query(Permission.CONTACT_READ)
    async def contact(
        self,
        info: Info,
        id: strawberry.ID | None = None,
        external_id: str | None = None,
        email: str | None = None,
        phone: str | None = None,
    ) -> Contact | None:
        given = {"id": id, "external_id": external_id, "email": email, "phone": phone}
        key, value = _one_of({key: value for key, value in given.items() if value is not None})
        sought = find_id("Contact", value) if key == "id" else value
        if sought is None:
            return None
        with at(path_of(key)):
            return shown(Contact, await find_contact(scope_of(info), key, sought, selected(info)))

    @query(
        Permission.CONTACT_READ,
        description="`search` looks in name, email, phone and external id.",
    )
    async def contacts(
        self,
        info: Info,
        first: int | None = 50,
        after: str | None = None,
        search: str | None = None,
        segment_id: strawberry.ID | None = None,
        filter: RuleInput | None = None,
        order_by: ContactOrder = ContactOrder.CREATED_AT_DESC,
    ) -> ContactConnection:
        scope = scope_of(info)
        wanted = ContactCriteria(search, _segment_number(info, segment_id), _rule(info, filter))
        place = None if after is None else _place(after, order_by)
        names = selected(info, "nodes") | selected(info, "edges", "node")
        rows = await contact_pages.page(scope, wanted, order_by, page_size(first) + 1, after=place, names=names)
        page = page_of(
            rows,
            first,
            after,
            lambda row: to_cursor(order_by.value, row["sort_key"], row["id"]),
            count=lambda: contact_pages.count(scope, wanted),
        )
        return shown(ContactConnection, page)

    @query(Permission.CONTACT_READ)
    async def contact_fields(self, info: Info) -> list[ContactField]:
        return all_shown(ContactField, await fields.every(scope_of(info)))

    @query(Permission.CONTACT_READ)
    async def tags(self, info: Info, search: str | None = None, first: int | None = 100) -> list[str]:
        return await tags.find(scope_of(info), search, page_size(first, default=100))


def _one_of(given: Mapping[str, Any]) -> tuple[str, Any]:
    if not given:
        raise Required("say which contact: one of id, externalId, email or phone")
    if len(given) > 1:
        raise Invalid("give one of id, externalId, email and phone, not several")
    return next(iter(given.items()))


def _segment_number(info: Info, segment_id: str | None) -> int | None:
    """The segment's number. Who is a member of what is for those who may see segments."""
    if segment_id is None:
        return None
    admit(info.context, Permission.SEGMENT_READ)
    return get_id("Segment", segment_id, ("segmentId",))


def _rule(info: Info, given: RuleInput | None) -> object:
    """The rule as a segment would keep it. One that speaks of segments is for those who may see them."""
    if given is None:
        return None
    rule = rule_from_input(given)
    if segments_mentioned(rule):
        admit(info.context, Permission.SEGMENT_READ)
    return rule


def _place(cursor: str, order: ContactOrder) -> ContactPosition:
    sort_key: Reader = an_instant if contact_pages.sorts_by_time(order) else a_text
    if contact_pages.may_lack_its_key(order):
        sort_key = nothing_or(sort_key)
    _, key, number = from_cursor(cursor, exactly(order.value), sort_key, a_number)
    return ContactPosition(key, number)


# ---------------------------------------------------------------- mutations


@strawberry.type
class ContactMutation:
    """Contacts are made, changed, tagged and deleted."""

    @mutation(Permission.CONTACT_WRITE, ContactFieldPayload)
    async def contact_field_create(self, info: Info, input: ContactFieldCreateInput) -> ContactFieldPayload:
        field = await fields.create(
            scope_of(info), key=input.key, label=input.label, kind=input.type, choices=input.choices
        )
        return ContactFieldPayload(contact_field=shown(ContactField, field))

    @mutation(Permission.CONTACT_WRITE, DeletePayload)
    async def contact_field_delete(self, info: Info, id: strawberry.ID) -> DeletePayload:
        number = get_id("ContactField", id, ("id",))
        await fields.delete(scope_of(info), number)
        return DeletePayload(deleted_id=strawberry.ID(to_global_id("ContactField", number)))

    @mutation(Permission.CONTACT_WRITE, ContactPayload)
    async def contact_create(self, info: Info, input: ContactInput) -> ContactPayload:
        contact = await create_contact(scope_of(info), input.values())
        return ContactPayload(contact=shown(Contact, contact), created=True)

    @mutation(Permission.CONTACT_WRITE, ContactPayload)
    async def contact_update(self, info: Info, id: strawberry.ID, input: ContactInput) -> ContactPayload:
        number = get_id("Contact", id, ("id",))
        contact = await update_contact(scope_of(info), number, input.values())
        return ContactPayload(contact=shown(Contact, contact))

    @mutation(
        Permission.CONTACT_WRITE,
        ContactPayload,
        description="Creates, or updates the contact that has the same externalId, email or phone (tried in that order).",
    )
    async def contact_upsert(self, info: Info, input: ContactInput) -> ContactPayload:
        contact, made = await upsert_contact(scope_of(info), input.values())
        return ContactPayload(contact=shown(Contact, contact), created=made)

    @mutation(Permission.CONTACT_WRITE, ContactsDeletePayload)
    async def contacts_delete(self, info: Info, ids: list[strawberry.ID]) -> ContactsDeletePayload:
        deleted = await delete_contacts(scope_of(info), _numbers(ids, "ids"))
        return ContactsDeletePayload(deleted_ids=[strawberry.ID(to_global_id("Contact", number)) for number in deleted])

    @mutation(Permission.CONTACT_WRITE, ContactsPayload)
    async def contact_tags_add(self, info: Info, contact_ids: list[strawberry.ID], tags: list[str]) -> ContactsPayload:
        rows = await add_tags(scope_of(info), _numbers(contact_ids, "contactIds"), tags)
        return ContactsPayload(contacts=all_shown(Contact, rows))

    @mutation(Permission.CONTACT_WRITE, ContactsPayload)
    async def contact_tags_remove(
        self, info: Info, contact_ids: list[strawberry.ID], tags: list[str]
    ) -> ContactsPayload:
        rows = await remove_tags(scope_of(info), _numbers(contact_ids, "contactIds"), tags)
        return ContactsPayload(contacts=all_shown(Contact, rows))


def _numbers(ids: Sequence[str], path: str) -> list[int]:
    return [get_id("Contact", one, (path, place)) for place, one in enumerate(ids)]
