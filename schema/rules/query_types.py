"""Rules as text, as the API shows them."""

import strawberry

from schema.server.execution.rows import derived
from schema.server.types.scalars import JSON


@strawberry.type(description="A mistake in the text of a rule.")
class RuleQueryError:
    code: str = strawberry.field(
        description="UNEXPECTED_TOKEN, UNEXPECTED_END, UNKNOWN_FIELD, UNKNOWN_SEGMENT, WRONG_OPERATOR, WRONG_VALUE,"
        " NOT_ALLOWED or TOO_COMPLEX."
    )
    message: str = strawberry.field(description="What is wrong, in a sentence for people.")
    start: int = strawberry.field(description="Where it begins: characters from the start of the text.")
    end: int = strawberry.field(description="Where it ends: the first character after it.")
    line: int = strawberry.field(description="The line in which it begins; the first is 1.")
    column: int = strawberry.field(description="The character of that line; the first is 1.")
    expected: list[str] = strawberry.field(description="What may be written there.")
    replacement: str | None = strawberry.field(description="What to write instead, when that is plain.")
    path: list[str] = strawberry.field(
        description="The same place in the rule, as in the path of a user error; empty when the text cannot be read."
    )


@strawberry.type(description="What a text was read as.")
class RuleParse:
    rule: JSON | None = strawberry.field(description="In the shape of RuleInput; null when there are errors.")
    query: str | None = strawberry.field(description="The canonical text; null when there are errors.")
    errors: list[RuleQueryError] = strawberry.field(description="Everything that is wrong, in the order of the text.")


@strawberry.type(description="What may be written at a place of a rule's text.")
class RuleQueryCompletion:
    kind: str = derived(
        lambda completion: completion.kind.value,
        description="FIELD, OPERATOR, VALUE, KEYWORD, SEGMENT, TAG, ACTIVITY_KIND or PROPERTY.",
    )
    label: str = strawberry.field(description="What people see.")
    detail: str | None = strawberry.field(description="What it is, in some words.")
    insert: str = strawberry.field(description="What to write.")
    start: int = strawberry.field(description="Where to write it: characters from the start of the text.")
    end: int = strawberry.field(
        description="The first character that stays: `insert` takes the place of those before it."
    )
