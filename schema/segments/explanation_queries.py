"""Previews of rules, and explanations of memberships."""

import strawberry

from models.contacts.find import contacts_by_ids
from models.segments.estimate import estimate
from models.segments.explain import explain_membership
from models.segments.preview import Wanted, preview
from models.segments.warnings import rule_warnings
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.contacts.types import Contact
from schema.rules.inputs import RuleInput
from schema.rules.query_inputs import places_of, required_rule
from schema.segments.explanation_types import (
    ConditionCount,
    PreviewDifference,
    RuleWarning,
    SegmentEstimate,
    SegmentExplanation,
    SegmentPreview,
)
from schema.server.context import Info
from schema.server.execution.lookahead import selected
from schema.server.execution.rows import all_shown, shown
from schema.server.guard import admit, query, scope_of
from schema.server.ids import get_id
from schema.server.types.connection import page_size


@strawberry.type
class ExplanationQuery:
    """Contacts and their values need the permission to read contacts."""

    @query(Permission.SEGMENT_READ, cost=100)
    async def segment_preview(
        self,
        info: Info,
        rule: RuleInput | None = None,
        first: int | None = 10,
        rule_query: str | None = None,
        compare_to: strawberry.ID | None = None,
    ) -> SegmentPreview:
        scope, limit = scope_of(info), page_size(first, default=10)
        names = selected(info)
        if "contacts" in names:
            admit(info.context, Permission.CONTACT_READ)
        rule_json, text = await required_rule(info, rule, rule_query)
        wanted = Wanted(
            limit if "contacts" in names else 0,
            reachable="reachable" in names,
            conditions="conditions" in names,
            compare_to=None if compare_to is None else get_id("Segment", compare_to, ("compareTo",)),
        )
        with places_of(text):
            result = await preview(scope, rule_json, wanted)
        rows = await contacts_by_ids(scope, result.contact_ids, selected(info, "contacts"))
        return SegmentPreview(
            count=result.count,
            contacts=all_shown(Contact, sorted(rows, key=lambda row: row["id"])),
            rule_text=result.rule_text,
            warnings=await _warnings(scope, rule_json) if "warnings" in names else [],
            reachable=result.reachable,
            conditions=[ConditionCount(path=list(one.path), count=one.count) for one in result.conditions],
            difference=shown(PreviewDifference, result.difference),
        )

    @query(
        Permission.SEGMENT_READ,
        cost=20,
        description="About how many contacts a rule finds, from a sample: as fast with many contacts as with few.",
    )
    async def segment_estimate(
        self, info: Info, rule: RuleInput | None = None, rule_query: str | None = None
    ) -> SegmentEstimate:
        rule_json, text = await required_rule(info, rule, rule_query)
        with places_of(text):
            return shown(SegmentEstimate, await estimate(scope_of(info), rule_json))

    @query(Permission.SEGMENT_READ, cost=10)
    async def segment_explain(
        self, info: Info, segment_id: strawberry.ID, contact_id: strawberry.ID
    ) -> SegmentExplanation:
        if _asks_for_actual(info):
            admit(info.context, Permission.CONTACT_READ)
        segment, contact = get_id("Segment", segment_id, ("segmentId",)), get_id("Contact", contact_id, ("contactId",))
        return shown(SegmentExplanation, await explain_membership(scope_of(info), segment, contact))


async def _warnings(scope: Scope, rule_json: object) -> list[RuleWarning]:
    warned = await rule_warnings(scope, rule_json)
    return [RuleWarning(path=list(map(str, one.path)), message=one.message) for one in warned]


def _asks_for_actual(info: Info) -> bool:
    """Whether the contact's own values are selected, at any depth of the rule."""
    path = ["rule"]
    while names := selected(info, *path):
        if "actual" in names:
            return True
        path.append("children")
    return False
