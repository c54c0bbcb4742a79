"""Inputs of scores."""

from typing import Any

import strawberry

from schema.rules.inputs import ActivityFilterInput, RuleInput, filters_from_input, rule_from_input
from schema.server.types.scalars import Duration


@strawberry.input(description="An activity counts for less as time passes.")
class ScoreDecayInput:
    percent: float = strawberry.field(description="Of what is left, lost with each `every`.")
    every: Duration = strawberry.field(description="Of days, hours and so on: P30D, not P1M.")


@strawberry.input(description="The points for each activity.")
class ScoreEachInput:
    kind: str = strawberry.field(description="The kind of activity, such as purchase.")
    where: list[ActivityFilterInput] | None = strawberry.field(
        default_factory=list, description="Only activities with these properties."
    )
    at_most: int | None = strawberry.field(default=None, description="The newest so many count; absent: all.")
    lasting: Duration | None = strawberry.field(
        default=None, description="They count for so long, in days, hours and so on; absent: for good."
    )
    decay: ScoreDecayInput | None = strawberry.field(
        default=None, description="And lose this share of what is left with each `every`."
    )


@strawberry.input(one_of=True, description="How points are earned.")
class ScoreEarnInput:
    while_: RuleInput | None = strawberry.field(
        name="while", default=strawberry.UNSET, description="The points, while the rule holds."
    )
    each: ScoreEachInput | None = strawberry.field(
        default=strawberry.UNSET, description="The points for each activity."
    )


@strawberry.input(description="A part of a score.")
class ScorePartInput:
    label: str = strawberry.field(description="What people call it.")
    points: float = strawberry.field(description="What it earns; less than 0 takes away.")
    earn: ScoreEarnInput = strawberry.field(description="How it is earned.")


@strawberry.input(description="Parts that are added up within limits of their own.")
class ScoreGroupInput:
    name: str = strawberry.field(description="What people call it.")
    parts: list[ScorePartInput] = strawberry.field(description="What is added up.")
    minimum: float | None = strawberry.field(default=None, description="The least that the group gives.")
    maximum: float | None = strawberry.field(default=None, description="The most that the group gives.")


@strawberry.input(description="A level of a score.")
class ScoreLevelInput:
    name: str = strawberry.field(description="Such as HOT.")
    from_: float = strawberry.field(name="from", description="The least value that has it.")


@strawberry.input(description="What a score is made of.")
class ScoreModelInput:
    key: str = strawberry.field(description="By which rules name it: a-z, 0-9 and _; it stays.")
    name: str = strawberry.field(description="What people call it.")
    description: str | None = strawberry.field(default=None, description="What it is for.")
    groups: list[ScoreGroupInput] = strawberry.field(description="What is added up.")
    minimum: float | None = strawberry.field(default=None, description="The least value.")
    maximum: float | None = strawberry.field(default=None, description="The greatest value.")
    levels: list[ScoreLevelInput] | None = strawberry.field(
        default_factory=list, description="Names for ranges of values."
    )

    def given(self) -> dict[str, Any]:
        """As models take it."""
        return {
            "key": self.key,
            "name": self.name,
            "description": self.description,
            "groups": [_group(group) for group in self.groups],
            "minimum": self.minimum,
            "maximum": self.maximum,
            "levels": [{"name": level.name, "from": level.from_} for level in self.levels or ()],
        }


def _group(group: ScoreGroupInput) -> dict[str, Any]:
    parts = [{"label": part.label, "points": part.points, "earn": _earn(part.earn)} for part in group.parts]
    return {"name": group.name, "parts": parts, "minimum": group.minimum, "maximum": group.maximum}


def _earn(earn: ScoreEarnInput) -> dict[str, Any]:
    if earn.while_:
        return {"while": rule_from_input(earn.while_)}
    if not earn.each:
        return {}
    each = earn.each
    decay = None if each.decay is None else {"percent": each.decay.percent, "every": each.decay.every}
    return {
        "each": {
            "kind": each.kind,
            "where": filters_from_input(each.where),
            "atMost": each.at_most,
            "lasting": each.lasting,
            "decay": decay,
        }
    }
