"""The catalogue of fields that rules can use."""

from datetime import datetime

import strawberry

from models.rules.catalogue import OPERATORS
from schema.rules.enums import FieldOperator, FieldType
from schema.server.execution.rows import derived


@strawberry.type(description="What a rule builder needs to draw itself.")
class RuleField:
    key: str
    label: str
    type: FieldType
    custom: bool
    operators: list[FieldOperator] = derived(lambda field: OPERATORS[field.type])
    choices: list[str] | None


@strawberry.type(description="A property that activities of a kind have.")
class ActivityPropertyInfo:
    property: str = strawberry.field(description="Its name.")
    types: list[FieldType] = strawberry.field(
        description="TEXT, NUMBER or BOOLEAN: those that its values had lately, the most frequent first."
    )


@strawberry.type(description="A kind of activity that was recorded.")
class ActivityKindInfo:
    kind: str = strawberry.field(description="Its name in a rule.")
    last_occurred_at: datetime | None = strawberry.field(description="When the newest of them happened.")
    properties: list[ActivityPropertyInfo] = strawberry.field(
        description="The properties that they had lately, the most frequent first."
    )
