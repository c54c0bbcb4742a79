"""A score in plain words."""

from collections.abc import Iterator
from decimal import Decimal

from models.rules.describe import describe
from models.rules.tree import ActivityCondition, FieldOperator
from models.scores.definition import Definition, Each, Group, Part, While


def text_of(definition: Definition) -> str:
    return "\n".join(_lines(definition))


def _lines(definition: Definition) -> Iterator[str]:
    for group in definition.groups:
        yield f"{group.name}{_limits(group)}:"
        yield from (f"  {_part(part)}" for part in group.parts)
    limits = _limits(definition)
    if limits:
        yield f"In all{limits}."
    if definition.levels:
        yield "Levels: " + ", ".join(f"{level.name} from {plain(level.start)}" for level in definition.levels) + "."


def _part(part: Part) -> str:
    points = f"{'+' if part.points >= 0 else ''}{plain(part.points)}"
    if isinstance(part.earn, While):
        return f"{points} while {describe(part.earn.rule)}"
    return f"{points} for {_each(part.earn)}"


def _each(each: Each) -> str:
    counted = describe(ActivityCondition(each.measure, FieldOperator.GTE, Decimal(1)))
    said = f"each {each.measure.kind}" + (f" (as in: {counted})" if each.measure.filters else "")
    if each.at_most is not None:
        said += f", the newest {each.at_most}"
    if each.lasting_seconds is not None:
        said += f", for {_time(each.lasting_seconds)}"
    if each.decay is not None:
        said += f", less by {plain(each.decay.percent)} % every {_time(each.decay.every_seconds)}"
    return said


def _limits(of: Group | Definition) -> str:
    if of.minimum is None and of.maximum is None:
        return ""
    least = "" if of.minimum is None else f" at least {plain(of.minimum)}"
    most = "" if of.maximum is None else f" at most {plain(of.maximum)}"
    return " (" + (least + ("," if least and most else "") + most).strip() + ")"


def _time(seconds: int) -> str:
    for size, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds % size == 0:
            count = seconds // size
            return f"{count} {name}" + ("" if count == 1 else "s")
    return f"{seconds} seconds"


def plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
