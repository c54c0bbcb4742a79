"""Fields and tags of contact `c` in SQL.

A value of another type than its field is missing. Only keys of the catalogue become SQL.
"""

import re
from collections.abc import Sequence
from typing import Final

from models.rules.comparisons import LONG, Text, Time, both, compare_number, compare_text, compare_time, lacks
from models.rules.parameters import Parameters
from models.rules.tree import Field, FieldCondition, FieldOperator, FieldType, Operand, TagsCondition, TagsOperator

_KEY = re.compile(r"[a-z0-9_]+", re.ASCII)

_DAY: Final = (
    "[0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)|02-(0[1-9]|1[0-9]|2[0-8]))"
    "|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29"
)
_TIME: Final = r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{6}Z"


def field_sql(condition: FieldCondition, p: Parameters) -> str:
    field, operator, operand = condition.field, condition.operator, condition.operand
    match field.type:
        case FieldType.TEXT | FieldType.CHOICE:
            return compare_text(_text(field), operator, operand, p)
        case FieldType.NUMBER:
            return compare_number(_number(field), operator, operand, p)
        case FieldType.BOOLEAN:
            return _compare_boolean(_json(field), operator, operand)
        case FieldType.DATE | FieldType.DATETIME:
            return compare_time(time_of(field), operator, operand, p)
        case FieldType.MULTI_CHOICE:
            return _compare_choices(_json(field), operator, operand, p)


def tags_sql(condition: TagsCondition, p: Parameters) -> str:
    match condition.operator:
        case TagsOperator.HAS_ANY:
            return _has_any(condition.tags, p)
        case TagsOperator.HAS_ALL:
            return f"c.tag_keys @> {p.texts(condition.tags)}"
        case TagsOperator.HAS_NONE:
            return lacks(_has_any(condition.tags, p))


def _has_any(tags: Sequence[str], p: Parameters) -> str:
    return f"{p.text_keys(tags)} ?| c.tag_keys" if len(tags) > LONG else f"c.tag_keys && {p.texts(tags)}"


def raw_sql(field: Field) -> str:
    """The stored value of the field as JSON, whatever its type."""
    if field.score:
        return f"to_jsonb({score_sql(field)})"
    return _json(field) if field.custom else f"to_jsonb({_column(field)})"


def kept_text_sql(field: Field) -> str:
    """The stored text of a TEXT field, or null."""
    if field.score:
        return score_sql(field)
    return (
        f"CASE WHEN jsonb_typeof({_json(field)}) = 'string' THEN {_kept(field)} END" if field.custom else _column(field)
    )


def time_of(field: Field) -> Time:
    days = field.type is FieldType.DATE
    if not field.custom:
        column = _column(field)
        return Time(column, days, day_of_year=f"(extract(month FROM {column}) * 100 + extract(day FROM {column}))")
    kept = _kept(field)
    sorts = f'({kept} COLLATE "C")'  # by time, in every database
    sized = f"octet_length({kept}) = {10 if days else 27}"
    valid = f"{sized} AND {sorts} >= '0001' AND {kept} ~ '^({_DAY})$'"
    if not days:  # faster than one long pattern
        valid = f"{sized} AND {sorts} >= '0001' AND substr({kept}, 11) ~ '^{_TIME}$' AND substr({kept}, 1, 10) ~ '^({_DAY})$'"
    return Time(sorts, days, valid, f'(substr({kept}, 6, 5) COLLATE "C")', sized)


# ---------------------------------------------------------------- expressions for a value


def _column(field: Field) -> str:
    return f"c.{_safe(field.key)}"


def _json(field: Field) -> str:
    return f"(c.attributes -> '{_safe(field.attribute)}')"


def _kept(field: Field) -> str:
    return f"(c.attributes ->> '{_safe(field.attribute)}')"


def _safe(name: str) -> str:
    """Raises ValueError unless the name may become SQL."""
    if not _KEY.fullmatch(name):
        raise ValueError(f"not a key of the catalogue: {name!r}")
    return name


def score_sql(field: Field) -> str:
    """The contact's row of the build that counts: every contact has one once the engine has seen it. $1 is the workspace."""
    key = field.key.removeprefix("scores.")
    column = "level" if key.endswith(".level") else "value"
    return (
        f"(SELECT s.{column} FROM score_models AS m JOIN contact_scores AS s"
        " ON s.workspace_id = $1 AND s.build_id = m.active_build AND s.contact_id = c.id"
        f" WHERE m.workspace_id = $1 AND m.key = '{_safe(key.removesuffix('.level'))}')"
    )


def _text(field: Field) -> Text:
    if field.score:
        level = score_sql(field)
        return Text(f"lower({level})", "", f"{level} IS NOT NULL")
    if not field.custom:
        column = _column(field)
        return Text(f"lower({column})", "", f"{column} <> ''")
    kept, is_text = _kept(field), f"jsonb_typeof({_json(field)}) = 'string'"
    return Text(f"lower({kept})", is_text, both(f"{kept} <> ''", is_text))


def _number(field: Field) -> str:
    if field.score:
        return score_sql(field)
    if not field.custom:
        return _column(field)
    return f"CASE WHEN jsonb_typeof({_json(field)}) = 'number' THEN {_json(field)}::numeric END"


# ---------------------------------------------------------------- types that only fields have


def _compare_boolean(json: str, operator: FieldOperator, operand: Operand) -> str:
    present = f"{json} IN ('true', 'false')"
    if operator is FieldOperator.IS_SET:
        return present
    if operator is FieldOperator.IS_NOT_SET:
        return lacks(present)
    wanted = operand is (operator is FieldOperator.EQUALS)
    return f"{json} = '{str(wanted).lower()}'"


def _compare_choices(json: str, operator: FieldOperator, operand: Operand, p: Parameters) -> str:
    """Only texts of an array are choices."""
    is_list, folded = f"jsonb_typeof({json}) = 'array'", f"lower({json}::text)::jsonb"
    present = both(is_list, f"""{json} @? 'strict $[*] ? (@.type() == "string")'""")
    if not isinstance(operand, tuple):
        return present if operator is FieldOperator.IS_SET else lacks(present)
    wanted = p.texts([str(choice) for choice in operand])
    match operator:
        case FieldOperator.HAS_ANY:
            return both(is_list, f"{folded} ?| {wanted}")
        case FieldOperator.HAS_ALL:
            return both(is_list, f"{folded} ?& {wanted}")
        case _:
            return both(present, lacks(f"{folded} ?| {wanted}"))
