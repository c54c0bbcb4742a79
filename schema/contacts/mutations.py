"""Changes of contacts, custom fields, tags and activities."""

from collections.abc import Sequence
from typing import Annotated

import strawberry
from strawberry import UNSET

from models.contacts import activities, fields
from models.contacts.activities import NewActivity
from models.contacts.consent_writes import grant_consent
from models.contacts.create import create_contact
from models.contacts.delete import delete_contacts
from models.contacts.field_changes import change_field
from models.contacts.tagging import add_tags, remove_tags
from models.contacts.update import update_contact
from models.contacts.upsert import upsert_contact
from permissions.capabilities import Permission
from schema.contacts.inputs import ActivityInput, ContactFieldCreateInput, ContactFieldUpdateInput, ContactInput
from schema.contacts.types import Contact, ContactField
from schema.server.context import Info
from schema.server.execution.rows import all_shown, shown
from schema.server.guard import mutation, scope_of
from schema.server.ids import get_id, to_global_id
from schema.server.types.delete_payload import DeletePayload
from schema.server.user_errors import UserError


@strawberry.type
class ContactFieldPayload:
    contact_field: ContactField | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ContactPayload:
    contact: Contact | None = None
    created: bool = False
    notices: list[str] = strawberry.field(
        default_factory=list,
        description="What was set aside, and why: an opt-in for somebody who opted out, say.",
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ContactsPayload:
    contacts: list[Contact] = strawberry.field(default_factory=list)
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ContactsDeletePayload:
    deleted_ids: list[strawberry.ID] = strawberry.field(default_factory=list)
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ContactMutation:
    @mutation(Permission.CONTACT_WRITE, ContactFieldPayload)
    async def contact_field_create(self, info: Info, input: ContactFieldCreateInput) -> ContactFieldPayload:
        field = await fields.create(
            scope_of(info), key=input.key, label=input.label, kind=input.type, choices=input.choices
        )
        return ContactFieldPayload(contact_field=shown(ContactField, field))

    @mutation(
        Permission.CONTACT_WRITE,
        ContactFieldPayload,
        description="Label and choices; a choice that a contact or a rule has is IN_USE. The key and the type stay.",
    )
    async def contact_field_update(
        self, info: Info, id: strawberry.ID, input: ContactFieldUpdateInput
    ) -> ContactFieldPayload:
        given = {name: value for name, value in vars(input).items() if value is not UNSET}
        field = await change_field(scope_of(info), get_id("ContactField", id, ("id",)), given)
        return ContactFieldPayload(contact_field=shown(ContactField, field))

    @mutation(Permission.CONTACT_WRITE, DeletePayload)
    async def contact_field_delete(self, info: Info, id: strawberry.ID) -> DeletePayload:
        field_id = get_id("ContactField", id, ("id",))
        await fields.delete(scope_of(info), field_id)
        return DeletePayload(deleted_id=strawberry.ID(to_global_id("ContactField", field_id)))

    @mutation(Permission.CONTACT_WRITE, ContactPayload)
    async def contact_create(self, info: Info, input: ContactInput) -> ContactPayload:
        notices: list[str] = []
        contact = await create_contact(scope_of(info), input.values(), notices)
        return ContactPayload(contact=shown(Contact, contact), created=True, notices=notices)

    @mutation(Permission.CONTACT_WRITE, ContactPayload)
    async def contact_update(self, info: Info, id: strawberry.ID, input: ContactInput) -> ContactPayload:
        notices: list[str] = []
        contact = await update_contact(scope_of(info), get_id("Contact", id, ("id",)), input.values(), notices)
        return ContactPayload(contact=shown(Contact, contact), notices=notices)

    @mutation(
        Permission.CONTACT_WRITE,
        ContactPayload,
        description="Creates, or updates the contact that has the same externalId, email or phone (tried in that order).",
    )
    async def contact_upsert(
        self,
        info: Info,
        input: ContactInput,
        replace_external_id: Annotated[
            bool,
            strawberry.argument(
                description="Give a contact that is found by email or phone, and has another externalId, this one. Without it"
                " that is TAKEN."
            ),
        ] = False,
    ) -> ContactPayload:
        notices: list[str] = []
        contact, created = await upsert_contact(
            scope_of(info), input.values(), notices, replace_external_id=replace_external_id
        )
        return ContactPayload(contact=shown(Contact, contact), created=created, notices=notices)

    @mutation(
        Permission.CONTACT_WRITE,
        ContactPayload,
        description="Undoes a person's own opt-out, with what shows that the person wants it. It is kept, and in the audit log.",
    )
    async def contact_consent_grant(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The contact.")],
        evidence: Annotated[
            str,
            strawberry.argument(description="What shows that the person wants it, such as where and when it was said."),
        ],
    ) -> ContactPayload:
        contact = await grant_consent(scope_of(info), get_id("Contact", id, ("id",)), evidence)
        return ContactPayload(contact=shown(Contact, contact))

    @mutation(Permission.CONTACT_WRITE, ContactsDeletePayload)
    async def contacts_delete(self, info: Info, ids: list[strawberry.ID]) -> ContactsDeletePayload:
        deleted = await delete_contacts(scope_of(info), _contact_ids(ids, "ids"))
        return ContactsDeletePayload(deleted_ids=[strawberry.ID(to_global_id("Contact", one)) for one in deleted])

    @mutation(Permission.CONTACT_WRITE, ContactsPayload)
    async def contact_tags_add(self, info: Info, contact_ids: list[strawberry.ID], tags: list[str]) -> ContactsPayload:
        rows = await add_tags(scope_of(info), _contact_ids(contact_ids, "contactIds"), tags)
        return ContactsPayload(contacts=all_shown(Contact, rows))

    @mutation(Permission.CONTACT_WRITE, ContactsPayload)
    async def contact_tags_remove(
        self, info: Info, contact_ids: list[strawberry.ID], tags: list[str]
    ) -> ContactsPayload:
        rows = await remove_tags(scope_of(info), _contact_ids(contact_ids, "contactIds"), tags)
        return ContactsPayload(contacts=all_shown(Contact, rows))


def _contact_ids(ids: Sequence[str], path: str) -> list[int]:
    return [get_id("Contact", contact_id, (path, index)) for index, contact_id in enumerate(ids)]


@strawberry.type
class ActivitiesPayload:
    recorded: int = 0
    duplicates: int = 0
    user_errors: list[UserError] = strawberry.field(default_factory=list)


@strawberry.type
class ActivityMutation:
    @mutation(
        Permission.ACTIVITY_WRITE,
        ActivitiesPayload,
        description="Up to 1,000 at once. An `idempotencyKey` already seen is counted and left alone.",
    )
    async def activities_record(self, info: Info, input: list[ActivityInput]) -> ActivitiesPayload:
        scope = scope_of(info)
        recorded = await activities.record(scope, [_activity(index, given) for index, given in enumerate(input)])
        return ActivitiesPayload(recorded=recorded.recorded, duplicates=recorded.duplicates)


def _activity(index: int, given: ActivityInput) -> NewActivity:
    return NewActivity(
        kind=given.kind,
        contact_id=None if given.contact_id is None else get_id("Contact", given.contact_id, (index, "contactId")),
        external_id=given.external_id,
        occurred_at=given.occurred_at,
        properties=given.properties,
        idempotency_key=given.idempotency_key,
        anonymous_id=given.anonymous_id,
    )
