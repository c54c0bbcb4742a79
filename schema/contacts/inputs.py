"""Inputs of contacts, custom fields and activities."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import strawberry
from strawberry import UNSET

from models.contacts.selections import ContactSelection
from models.errors import Path
from schema.contacts.enums import WhatsAppConsent
from schema.rules.enums import FieldType
from schema.rules.inputs import RuleInput, rule_from_input
from schema.rules.query_inputs import read_rule_query
from schema.server.context import Info
from schema.server.ids import find_id
from schema.server.types.scalars import JSON


@strawberry.input
class ContactFieldCreateInput:
    key: str
    label: str
    type: FieldType
    choices: list[str] | None = None


@strawberry.input(description="What is absent stays as it is.")
class ContactFieldUpdateInput:
    label: str | None = strawberry.field(default=UNSET, description="What people see.")
    choices: list[str] | None = strawberry.field(
        default=UNSET,
        description="All choices that there will be, in order; one that a contact or a rule has must stay as it is spelled.",
    )


@strawberry.input(description="An absent field is left as it is; null clears it.")
class ContactInput:
    external_id: str | None = UNSET
    name: str | None = UNSET
    first_name: str | None = strawberry.field(default=UNSET, description="Up to 240 characters.")
    last_name: str | None = strawberry.field(
        default=UNSET,
        description="Up to 240 characters. `name`, when it is not given, is first and last name, and follows them.",
    )
    email: str | None = UNSET
    phone: str | None = UNSET
    timezone: str | None = strawberry.field(
        default=UNSET, description="IANA name, such as Europe/Madrid; null: the workspace's."
    )
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
        """Returns the given fields, by column."""
        return {name: value for name, value in vars(self).items() if value is not UNSET}


@strawberry.input(name="ContactSelection", one_of=True)
class ContactSelectionInput:
    """Ids, or what a rule, a search or a segment finds."""

    ids: list[strawberry.ID] | None = UNSET
    filter: RuleInput | None = UNSET
    search: str | None = UNSET
    segment_id: strawberry.ID | None = UNSET
    rule_query: str | None = strawberry.field(default=UNSET, description="As `filter`, with the rule in its text form.")


async def selection_from_input(
    info: Info, given: ContactSelectionInput, path: Path = ("contacts",)
) -> ContactSelection:
    """An invalid id becomes 0, which no row has. Raises Problems at `path` for a wrong text of a rule."""
    if isinstance(given.ids, list):
        return ContactSelection(ids=tuple(find_id("Contact", contact_id) or 0 for contact_id in given.ids))
    if given.filter:
        return ContactSelection(filter=rule_from_input(given.filter))
    if isinstance(given.search, str):
        return ContactSelection(search=given.search)
    if isinstance(given.segment_id, str):
        return ContactSelection(segment_id=find_id("Segment", given.segment_id) or 0)
    if isinstance(given.rule_query, str):
        return ContactSelection(filter=(await read_rule_query(info, given.rule_query, (*path, "ruleQuery"))).json)
    return ContactSelection()


@strawberry.input
class ActivityInput:
    contact_id: strawberry.ID | None = None
    external_id: str | None = None
    kind: str
    occurred_at: datetime | None = strawberry.field(default=None, description="Now, when absent.")
    properties: JSON | None = strawberry.field(default=None, description="An object; none when absent.")
    idempotency_key: str | None = None
    anonymous_id: str | None = strawberry.field(
        default=None, description="Of a visitor who is not known yet; makes an anonymous contact."
    )
