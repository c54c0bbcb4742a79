"""Metrics over activities `a` in SQL. A property is JSON; null, empty text and an empty list are missing."""

from collections.abc import Sequence
from decimal import Decimal

from models.rules.comparisons import Text, both, compare_number, compare_text, lacks
from models.rules.operands import MAX_NUMBER
from models.rules.parameters import InstantAt, Parameters
from models.rules.thresholds import NOW, Threshold
from models.rules.tree import ActivityMetric, ActivityOperator, FieldOperator, Measure, PropertyFilter

ZERO_WITHOUT_ACTIVITIES = {ActivityMetric.COUNT, ActivityMetric.SUM, ActivityMetric.DISTINCT_COUNT}
"""Other metrics are missing then."""

PRESENT = "NOT IN ('null', '\"\"', '[]')"


def is_measured(measure: Measure, p: Parameters) -> tuple[str, ...]:
    moment = "a.occurred_at"
    conditions = []
    if measure.within is not None:
        first = p.moving(InstantAt(Threshold(measure.within, past=True)), "timestamptz")
        conditions.append(f"{moment} BETWEEN {first} AND {p.moving(InstantAt(NOW), 'timestamptz')}")
    if measure.since is not None:
        conditions.append(f"{moment} >= {p.time(measure.since, 'timestamptz')}")
    if measure.until is not None:
        conditions.append(f"{moment} < {p.time(measure.until, 'timestamptz')}")
    return (*conditions, *(filter_sql(part, p) for part in measure.filters))


def aggregate(measure: Measure, p: Parameters, only: str = "") -> str:
    """An aggregate over the rows `a` for which `only` holds; null when it is missing."""
    narrowed = f" FILTER (WHERE {only})" if only else ""
    value = "" if measure.property is None else _property(measure.property, p)
    match measure.metric:
        case ActivityMetric.COUNT:
            return f"count(*){narrowed}"
        case ActivityMetric.SUM:
            return f"coalesce(sum({_summable(value)}){narrowed}, 0)"
        case ActivityMetric.AVERAGE:
            return f"avg({_summable(value)}){narrowed}"
        case ActivityMetric.MINIMUM:
            return f"min({_number(value)}){narrowed}"
        case ActivityMetric.MAXIMUM:
            return f"max({_number(value)}){narrowed}"
        case ActivityMetric.DISTINCT_COUNT:
            return f"count(DISTINCT {_folded(value)}){narrowed}"
        case ActivityMetric.FIRST_OCCURRED:
            return f"min(a.occurred_at){narrowed}"
        case ActivityMetric.LAST_OCCURRED:
            return f"max(a.occurred_at){narrowed}"


# ---------------------------------------------------------------- properties


def filter_sql(part: PropertyFilter, p: Parameters) -> str:
    value = _property(part.property, p)
    present = f"{value} {PRESENT}"
    match part.operator:
        case ActivityOperator.IS_SET:
            return present
        case ActivityOperator.IS_NOT_SET:
            return lacks(present)
        case ActivityOperator.EQUALS | ActivityOperator.IN | ActivityOperator.CONTAINS:
            return _it_or_an_item(value, part, p)
        case ActivityOperator.NOT_EQUALS | ActivityOperator.NOT_IN:
            return both(present, lacks(_it_or_an_item(value, part, p)))
        case _:
            return compare_number(_number(value), FieldOperator(part.operator), part.operand, p)


def _it_or_an_item(value: str, part: PropertyFilter, p: Parameters) -> str:
    """Of a list, one item has to match. Operators on the whole list, because a subquery would make the planner expect a lot."""
    wanted: Sequence[object] = part.operand if isinstance(part.operand, tuple) else (part.operand,)
    texts = tuple(item for item in wanted if isinstance(item, str))
    others = tuple(item for item in wanted if not isinstance(item, str))
    items = []
    if texts and part.operator is ActivityOperator.CONTAINS:
        items.append(f"jsonb_path_exists({_folded_list(value)}, {p.item_holds(texts[0])})")
    elif texts:
        items.append(f"{_folded_list(value)} ?| {p.texts(texts)}")
    if others:
        items.append(f"{value} @> ANY ({p.bind(tuple(map(_as_json, others)), 'jsonb[]')})")
    return f"({_matches(value, part, p)} OR (jsonb_typeof({value}) = 'array' AND ({' OR '.join(items)})))"


def _folded_list(value: str) -> str:
    return f"lower({value}::text)::jsonb"


def _as_json(item: object) -> str:
    return f"{item:f}" if isinstance(item, Decimal) else str(item).lower()


def _matches(value: str, part: PropertyFilter, p: Parameters) -> str:
    if part.operator is ActivityOperator.CONTAINS and isinstance(part.operand, str):
        return compare_text(_text(value), FieldOperator.CONTAINS, part.operand, p)
    return _is_one_of(value, part, p)


def _is_one_of(value: str, part: PropertyFilter, p: Parameters) -> str:
    """A condition: `value` equals an operand of the same type."""
    wanted: Sequence[object] = part.operand if isinstance(part.operand, tuple) else (part.operand,)
    texts = tuple(item for item in wanted if isinstance(item, str))
    numbers = tuple(item for item in wanted if isinstance(item, Decimal))
    ways = [f"{value} = '{str(item).lower()}'" for item in sorted({item for item in wanted if isinstance(item, bool)})]
    if texts:
        ways.append(compare_text(_text(value), FieldOperator.IN, texts, p))
    if numbers:
        ways.append(compare_number(_number(value), FieldOperator.IN, numbers, p))
    return f"({' OR '.join(ways)})"


def _property(name: str, p: Parameters) -> str:
    return f"(a.properties -> {p.bind(name, 'text')})"


def _text(value: str) -> Text:
    return Text(f"lower({value} #>> '{{}}')", f"jsonb_typeof({value}) = 'string'", f"{value} {PRESENT}")


def _number(value: str) -> str:
    return f"CASE WHEN jsonb_typeof({value}) = 'number' THEN {value}::numeric END"


def _summable(value: str) -> str:
    """Leaves out numbers beyond MAX_NUMBER, so that the sum stays in range."""
    return (
        f"CASE WHEN jsonb_typeof({value}) = 'number'"
        f" THEN CASE WHEN abs({value}::numeric) <= {MAX_NUMBER} THEN {value}::numeric END END"
    )


def _folded(value: str) -> str:
    """A form in which equal values are equal: text ignores case, 1 equals 1.0."""
    return (
        f"CASE WHEN jsonb_typeof({value}) = 'string' AND {value} <> '\"\"' THEN to_jsonb(lower({value} #>> '{{}}'))"
        f" WHEN {value} {PRESENT} THEN {value} END"
    )
