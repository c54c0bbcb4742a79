"""What a rule builder asks for: the fields, their values, what a rule would find, and why a contact is in a segment."""

from datetime import datetime
from typing import TypeAlias

import strawberry

from models.contacts.find import contacts_by_ids
from models.membership.origins import Override
from models.rule_catalogue import suggestions
from models.rules.catalogue import OPERATORS
from models.rules.tree import FieldOperator, FieldType
from models.segments import preview
from models.segments.explain import explain_membership
from permissions.capabilities import Permission
from schema.contacts.contacts import Contact
from schema.rules.rule_input import RuleInput, rule_from_input
from schema.server.context import Info
from schema.server.execution.lookahead import selected
from schema.server.execution.rows import all_shown, derived, shown
from schema.server.guard import admit, query, scope_of
from schema.server.ids import get_id
from schema.server.types.connection import page_size
from schema.server.types.scalars import JSON

strawberry.enum(Override, name="MembershipOverride")
MembershipOverride: TypeAlias = Override
"""Whoever shows an override takes it from here, where it has its name."""


# ---------------------------------------------------------------- types


@strawberry.type(description="What a rule builder needs to draw itself.")
class RuleField:
    """A field of the catalogue."""

    key: str
    label: str
    type: FieldType
    custom: bool
    operators: list[FieldOperator] = derived(lambda field: OPERATORS[field.type])
    choices: list[str] | None


@strawberry.type
class SegmentPreview:
    """What a rule would find."""

    count: int
    contacts: list[Contact]
    rule_text: str = strawberry.field(description="The rule in plain words.")


@strawberry.type(
    description="Why a contact is, or is not, in a segment: the rule as a tree, each part with its truth for this contact now."
)
class RuleExplanation:
    """A part of a rule, for one contact."""

    holds: bool
    text: str
    actual: JSON | None = strawberry.field(description="What the contact has in this place; null for a group.")
    children: list["RuleExplanation"]


@strawberry.type
class SegmentExplanation:
    """A contact and a segment."""

    member: bool
    override: MembershipOverride | None
    since: datetime | None
    rule: RuleExplanation | None


# ---------------------------------------------------------------- queries


@strawberry.type
class RuleQuery:
    """Rules, before and after they are saved. Whoever is shown contacts, or their values, must be allowed to read them."""

    @query(Permission.SEGMENT_READ, cost=100)
    async def segment_preview(self, info: Info, rule: RuleInput, first: int | None = 10) -> SegmentPreview:
        scope, limit = scope_of(info), page_size(first, default=10)
        shows_contacts = "contacts" in selected(info)
        if shows_contacts:
            admit(info.context, Permission.CONTACT_READ)
        found = await preview.preview(scope, rule_from_input(rule), limit if shows_contacts else 0)
        rows = await contacts_by_ids(scope, found.contact_ids, selected(info, "contacts"))
        return SegmentPreview(
            count=found.count,
            contacts=all_shown(Contact, sorted(rows, key=lambda row: row["id"])),
            rule_text=found.rule_text,
        )

    @query(Permission.SEGMENT_READ, cost=10)
    async def segment_explain(
        self, info: Info, segment_id: strawberry.ID, contact_id: strawberry.ID
    ) -> SegmentExplanation:
        if _asks_for_actual(info):
            admit(info.context, Permission.CONTACT_READ)
        segment = get_id("Segment", segment_id, ("segmentId",))
        contact = get_id("Contact", contact_id, ("contactId",))
        return shown(SegmentExplanation, await explain_membership(scope_of(info), segment, contact))

    @query(Permission.SEGMENT_READ)
    async def rule_fields(self, info: Info) -> list[RuleField]:
        return all_shown(RuleField, await suggestions.rule_fields(scope_of(info)))

    @query(Permission.CONTACT_READ, cost=20)
    async def rule_value_suggestions(
        self, info: Info, field: str, prefix: str | None = "", first: int | None = 10
    ) -> list[str]:
        return await suggestions.suggest_values(scope_of(info), field, prefix or "", page_size(first, default=10))


def _asks_for_actual(info: Info) -> bool:
    """Whether the contact's own values are asked for, in whatever depth of the rule."""
    path = ["rule"]
    while names := selected(info, *path):
        if "actual" in names:
            return True
        path.append("children")
    return False
