from typing import Any

import strawberry
from strawberry import UNSET

from schema.contacts.inputs import ContactSelectionInput
from schema.rules.inputs import RuleInput, rule_from_input
from schema.segments.enums import SegmentKind


@strawberry.input
class SegmentCreateInput:
    name: str
    description: str | None = None
    kind: SegmentKind
    rule: RuleInput | None = None
    rule_query: str | None = strawberry.field(default=None, description="The rule in its text form, instead of `rule`.")
    contacts: ContactSelectionInput | None = strawberry.field(
        default=None, description="STATIC only: the first members."
    )


@strawberry.input(description="`kind` can't be changed. `version`, when given, must be the current one.")
class SegmentUpdateInput:
    """An absent field stays as it is."""

    name: str | None = UNSET
    description: str | None = UNSET
    rule: RuleInput | None = UNSET
    rule_query: str | None = strawberry.field(
        default=None, description="Another rule in its text form, instead of `rule`."
    )
    version: int | None = None

    def values(self) -> dict[str, Any]:
        """Returns only the fields that were given."""
        given = {"name": self.name, "description": self.description, "rule": self.rule}
        values: dict[str, Any] = {key: value for key, value in given.items() if value is not UNSET}
        if values.get("rule"):
            values["rule"] = rule_from_input(values["rule"])
        return values
