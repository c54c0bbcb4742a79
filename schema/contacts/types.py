"""Contacts and custom fields as the API shows them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models.contacts import fields
from models.contacts.aliases import survivors
from models.contacts.find import contacts_by_ids
from models.errors import Invalid
from models.segments import of_contacts
from models.segments.lists import COLUMNS as SEGMENT_COLUMNS
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.contacts.activity_types import ActivityConnection, activities_of
from schema.contacts.consent_types import ConsentChangeConnection, consent_changes
from schema.contacts.enums import ConsentSource, WhatsAppConsent
from schema.contacts.identity_types import ContactAlias, ContactMergeConnection, aliases_of, anonymous_of, merges_of
from schema.contacts.score_loaders import score_history_of, scores_of
from schema.enrollments.types import EnrollmentConnection, enrollments_of_contacts
from schema.membership.enums import Origin
from schema.membership.types import MembershipHistoryConnection, membership_history
from schema.rules.enums import FieldType
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.lookahead import selected
from schema.server.execution.rows import global_id, ids_of
from schema.server.guard import admit, scope_of
from schema.server.types.connection import Page, PageInfo, counted, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, read_for_each
from schema.server.types.nodes import Node, node
from schema.server.types.scalars import JSON

if TYPE_CHECKING:
    Segment = Any  # schema.segments.types imports this module
    ContactScore = Any  # schema.scores.types shows contacts
    ScoreHistoryConnection = Any


@strawberry.type(description="A custom field of the workspace's contacts.")
class ContactField(Node):
    id: strawberry.ID = global_id("ContactField")
    key: str = strawberry.field(description="Stable key, a-z 0-9 _, used in rules and imports.")
    label: str
    type: FieldType
    choices: list[str] | None = strawberry.field(description="For CHOICE and MULTI_CHOICE.")


async def _segments_of(
    rows: Sequence[Any], info: Info, first: int | None = 50, after: str | None = None
) -> Sequence[Page | Invalid]:
    admit(info.context, Permission.SEGMENT_READ)
    scope, ids = scope_of(info), ids_of(rows)
    names = selected(info, "nodes") | selected(info, "edges", "node")
    columns = names if names <= set(SEGMENT_COLUMNS) else frozenset(SEGMENT_COLUMNS)
    columns |= selected(info, "edges")
    lists = [Cursors(scope, "Contact.segments", contact_id) for contact_id in ids]
    key, problems = read_for_each(lists, after, a_number)
    position = 0 if key is None else key[0]
    pages = await of_contacts.pages(scope, ids, page_size(first) + 1, after=position, names=columns)
    counts = await of_contacts.counts(scope, ids) if "total_count" in selected(info) else {}

    async def count(contact_id: int) -> int:
        return counts.get(contact_id, 0)

    return [
        problem or page_of(pages[contact], first, after, _segment_cursor(cursors), partial(count, contact))
        for contact, cursors, problem in zip(ids, lists, problems, strict=True)
    ]


def _segment_cursor(cursors: Cursors) -> Callable[[Any], str]:
    return lambda row: cursors.write(row["id"])


@strawberry.type
class Contact(Node):
    id: strawberry.ID = global_id("Contact")
    external_id: str | None = strawberry.field(
        description="The caller's own key for this contact, unique in the workspace."
    )
    name: str | None = strawberry.field(description="What was given, else first and last name.")
    first_name: str | None
    last_name: str | None
    email: str | None = strawberry.field(description="Lower case; unique in the workspace.")
    phone: str | None = strawberry.field(description="E.164; unique in the workspace.")
    timezone: str | None = strawberry.field(description="IANA name; null: the workspace's.")
    date_of_birth: date | None
    subscribed_at: datetime | None
    last_interaction_at: datetime | None
    score: int
    whatsapp_consent: WhatsAppConsent
    consent_source: ConsentSource | None = strawberry.field(
        description="Who or what last set the consent: PERSON (a message, the phone's own settings), MEMBER, API, IMPORT."
    )
    consent_at: datetime | None
    consent_history: ConsentChangeConnection = batched(consent_changes, description="The newest first.")
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
    enrollments: EnrollmentConnection = batched(
        enrollments_of_contacts, description="Its ways through workflows, the newest first."
    )
    aliases: list[ContactAlias] = batched(
        aliases_of, description="Every id that finds this contact, those of contacts merged into it included."
    )
    anonymous: bool = batched(
        anonymous_of,
        description="Has no external id, e-mail or phone yet: only what a visitor's browser calls itself.",
    )
    scores: list[Annotated["ContactScore", strawberry.lazy("schema.scores.types")]] = batched(
        scores_of, description="Its scores, those that are built."
    )
    score_history: Annotated["ScoreHistoryConnection", strawberry.lazy("schema.scores.types")] = batched(
        score_history_of, description="One entry a change of level, and one a day on which the value changed."
    )
    merges: ContactMergeConnection = batched(merges_of, description="Merges into this contact, the newest first.")


@strawberry.type
class ContactSegmentEdge:
    """A segment of a contact, with its start and origin."""

    cursor: str
    node: Annotated["Segment", strawberry.lazy("schema.segments.types")]
    joined_at: datetime
    origin: Origin


@strawberry.type
class ContactSegmentConnection:
    edges: list[ContactSegmentEdge]
    nodes: list[Annotated["Segment", strawberry.lazy("schema.segments.types")]]
    page_info: PageInfo
    total_count: int = counted()


@strawberry.type
class ContactEdge:
    cursor: str
    node: Contact


@strawberry.type
class ContactConnection:
    edges: list[ContactEdge]
    nodes: list[Contact]
    page_info: PageInfo
    total_count: int = counted()


async def _survivors(scope: Scope, ids: Sequence[int]) -> Mapping[int, int]:
    return await survivors(scope.workspace_id, ids)


@node("Contact", Permission.CONTACT_READ, moved=_survivors)
async def _contacts(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await contacts_by_ids(scope, ids)


@node("ContactField", Permission.CONTACT_READ)
async def _contact_fields(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await fields.by_ids(scope, ids)
