"""Previews of rules and explanations of memberships, as the API shows them."""

from datetime import datetime
from typing import Final

import strawberry

from models.rules.check import MAX_CONDITIONS, MAX_DEPTH
from schema.contacts.types import Contact
from schema.membership.enums import Override
from schema.server.execution.cost import TREE
from schema.server.types.scalars import JSON

MOST_PARTS: Final = MAX_CONDITIONS * (MAX_DEPTH + 1)
"""The most parts that a rule may have: conditions, each in groups of its own."""


@strawberry.type(description="What may be a typing error in a rule that can run all the same.")
class RuleWarning:
    path: list[str] = strawberry.field(description="Where in the rule, as in the path of an error.")
    message: str


@strawberry.type(description="How many contacts one condition finds by itself.")
class ConditionCount:
    path: list[str] = strawberry.field(description="The condition in the rule, as in the path of an error.")
    count: int = strawberry.field(description="How many contacts it finds.")


@strawberry.type(description="What would change in a segment if it had the rule; overrides are kept.")
class PreviewDifference:
    entering: int = strawberry.field(description="How many would enter it.")
    leaving: int = strawberry.field(description="How many would leave it.")


@strawberry.type(description="About how many contacts a rule finds.")
class SegmentEstimate:
    count: int = strawberry.field(description="How many, about; exactly so many when `margin` is 0.")
    margin: int = strawberry.field(
        description="By how much the exact count differs from `count` at most, in 19 of 20 cases."
    )


@strawberry.type
class SegmentPreview:
    count: int
    contacts: list[Contact]
    rule_text: str = strawberry.field(description="The rule in plain words.")
    warnings: list[RuleWarning] = strawberry.field(
        description="Kinds of activity that were never recorded, and properties that recent ones lack."
    )
    reachable: int = strawberry.field(
        description="How many can be written to on WhatsApp: a phone number, and not opted out."
    )
    conditions: list[ConditionCount] = strawberry.field(
        description="For each condition by itself, with its path into the rule."
    )
    difference: PreviewDifference | None = strawberry.field(
        description="Against the members of `compareTo`; null without it."
    )


@strawberry.type(
    description="Why a contact is, or is not, in a segment: the rule as a tree, each part with its truth for this contact now."
)
class RuleExplanation:
    holds: bool
    text: str
    actual: JSON | None = strawberry.field(description="The contact's own value; null for a group.")
    children: list["RuleExplanation"] = strawberry.field(metadata={TREE: MOST_PARTS})


@strawberry.type
class SegmentExplanation:
    member: bool
    override: Override | None
    since: datetime | None
    rule: RuleExplanation | None
