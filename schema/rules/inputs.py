"""Rules as the API takes and shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry
from strawberry import UNSET

from schema.rules.enums import ActivityMetric, ActivityOperator, FieldOperator, TagsOperator
from schema.server.ids import find_id, to_global_id
from schema.server.types.scalars import JSON, Duration, instant_text


@strawberry.input(
    description="One condition on a contact's own field, built in (email, score, ...) or custom (attributes.city)."
)
class FieldConditionInput:
    field: str
    operator: FieldOperator
    value: JSON | None = strawberry.field(
        default=UNSET,
        description="Absent for IS_SET and IS_NOT_SET; a list for IN, NOT_IN, HAS_*; [low, high] for BETWEEN (both ends"
        " included); a Duration for the relative operators.",
    )


@strawberry.input
class TagsConditionInput:
    operator: TagsOperator
    tags: list[str]


@strawberry.input(description="In another segment. Chains are followed; a cycle is refused.")
class SegmentConditionInput:
    segment_id: strawberry.ID
    member: bool = True


@strawberry.input
class ActivityFilterInput:
    property: str
    operator: ActivityOperator
    value: JSON | None = UNSET


@strawberry.input(
    description="A metric over a contact's activities (DYNAMIC_PLUS only). A contact without a matching activity has COUNT,"
    ' SUM and\nDISTINCT_COUNT 0, and the other metrics are missing: the condition is false, so "last purchase MORE_THAN_AGO'
    ' P30D" means\nthat there was one and none since. "No purchase in the last 30 days", never-buyers included, is COUNT'
    " EQUALS 0 within P30D."
)
class ActivityConditionInput:
    kind: str
    where: list[ActivityFilterInput] | None = strawberry.field(default_factory=list)
    metric: ActivityMetric = ActivityMetric.COUNT
    property: str | None = strawberry.field(
        default=UNSET,
        description="The property measured; absent for COUNT, FIRST_OCCURRED and LAST_OCCURRED.",
    )
    within: Duration | None = strawberry.field(
        default=UNSET,
        description="Only the activities of this last stretch of time; absent means ever.",
    )
    since: datetime | None = strawberry.field(default=UNSET, description="Only the activities in [since, until).")
    until: datetime | None = UNSET
    operator: FieldOperator = strawberry.field(
        description="The numeric comparisons, or for FIRST_OCCURRED and LAST_OCCURRED those of a DATETIME field."
    )
    value: JSON


@strawberry.input(
    one_of=True,
    description="A segment's rule. Exactly one member is set. Every rule is two-valued: a condition on a missing\nvalue is"
    " false, and `not` is the exact complement, so a rule and its negation split the contacts.\nText compares without regard"
    " to case.",
)
class RuleInput:
    all: list["RuleInput"] | None = UNSET
    any: list["RuleInput"] | None = UNSET
    not_: "RuleInput | None" = strawberry.field(name="not", default=UNSET)
    field: FieldConditionInput | None = UNSET
    tags: TagsConditionInput | None = UNSET
    segment: SegmentConditionInput | None = UNSET
    activity: ActivityConditionInput | None = UNSET


def rule_from_input(rule: RuleInput) -> dict[str, Any]:
    """Returns the rule as it is stored. An invalid segment id becomes 0, which no segment has."""
    if isinstance(rule.all, list):
        return {"all": [rule_from_input(part) for part in rule.all]}
    if isinstance(rule.any, list):
        return {"any": [rule_from_input(part) for part in rule.any]}
    if rule.not_:
        return {"not": rule_from_input(rule.not_)}
    if rule.field:
        condition = rule.field
        return {"field": _present(field=condition.field, operator=condition.operator.value, value=condition.value)}
    if rule.tags:
        return {"tags": {"operator": rule.tags.operator.value, "tags": rule.tags.tags}}
    if rule.segment:
        segment_id = find_id("Segment", rule.segment.segment_id) or 0
        return {"segment": {"segmentId": segment_id, "member": rule.segment.member}}
    return {"activity": _activity(rule.activity)} if rule.activity else {}


def filters_from_input(filters: Sequence[ActivityFilterInput] | None) -> list[dict[str, Any]] | None:
    """Returns filters of activities as rules store them; None for none."""
    return [
        _present(property=part.property, operator=part.operator.value, value=part.value) for part in filters or ()
    ] or None


def _activity(condition: ActivityConditionInput) -> dict[str, Any]:
    return _present(
        kind=condition.kind,
        where=filters_from_input(condition.where),
        metric=condition.metric.value,
        property=condition.property,
        within=condition.within,
        since=_instant(condition.since),
        until=_instant(condition.until),
        operator=condition.operator.value,
        value=condition.value,
    )


def rule_to_output(rule: Any) -> Any:
    """Returns a stored rule in the shape of RuleInput, with outside ids."""
    if isinstance(rule, list):
        return [rule_to_output(part) for part in rule]
    if not isinstance(rule, dict):
        return rule
    if "segment" in rule:
        return {"segment": rule["segment"] | {"segmentId": to_global_id("Segment", rule["segment"]["segmentId"])}}
    return {key: rule_to_output(value) if key in ("all", "any", "not") else value for key, value in rule.items()}


def _instant(value: datetime | None) -> str | None:
    return instant_text(value) if value else None


def _present(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None and value is not UNSET}
