"""Rules that are given as text, in place of RuleInput."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from models.errors import Invalid, Path, Required
from models.rule_catalogue.queries import ReadQuery, parse_query, rule_of_query
from permissions.capabilities import Permission
from schema.rules.inputs import RuleInput, rule_from_input
from schema.server.context import Info
from schema.server.guard import admit, scope_of
from schema.server.ids import find_id, to_global_id


def find_segment_id(outside_id: str) -> int | None:
    return find_id("Segment", outside_id)


def segment_id_outside(segment_id: int) -> str:
    return to_global_id("Segment", segment_id)


async def read_rule_query(info: Info, text: str, path: Path = ("ruleQuery",)) -> ReadQuery:
    """The rule of a text. Raises Problems at `path`, and Forbidden when it names segments that the caller may not read."""
    parsed = await parse_query(text)
    if parsed.segment_names():
        admit(info.context, Permission.SEGMENT_READ)
    return await rule_of_query(scope_of(info), parsed, find_segment_id, path)


async def one_rule(
    info: Info, rule: RuleInput | None, text: str | None, *, rule_at: str = "rule"
) -> tuple[dict[str, Any] | None, ReadQuery | None]:
    """The rule as it is stored, however it was given, and the text as it was read; nothing when neither was given.

    Raises Invalid when both are given, and as `read_rule_query`.
    """
    if text is None:
        return (rule_from_input(rule) if rule else None), None
    if rule:
        raise Invalid(f"give `{rule_at}` or `ruleQuery`, not both", ("ruleQuery",))
    read = await read_rule_query(info, text)
    return read.json, read


async def required_rule(
    info: Info, rule: RuleInput | None, text: str | None
) -> tuple[dict[str, Any], ReadQuery | None]:
    """As `one_rule`. Raises Required when neither is given."""
    given, read = await one_rule(info, rule, text)
    if given is None:
        raise Required("say which contacts: give `rule` or `ruleQuery`", ("rule",))
    return given, read


def places_of(text: ReadQuery | None) -> AbstractContextManager[None]:
    """Errors about the rule become errors of its text, when it was given as text."""
    return nullcontext() if text is None else text.places()
