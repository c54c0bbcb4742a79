"""The catalogue of fields that rules can use."""

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
