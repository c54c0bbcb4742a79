"""Draws valid rules of every kind, with names and texts that are awkward to write."""

from hypothesis import strategies as st

from models.rules.catalogue import OPERATORS, Catalogue, KnownSegment, custom_field
from models.rules.tree import ActivityOperator, FieldType
from models.values.instants import find_instant

KEYS = ["city", "name", "count", "has", "not", "2fa", "within", "last", "true", "all", "tagged", "a_b", "in", "p30d"]
CATALOGUE = Catalogue(
    "Europe/Madrid",
    {
        f"attributes.{key}{n or ''}": custom_field(f"{key}{n or ''}", key, kind, ("Red", "It's", 'a "b"', "true"))
        for n, kind in enumerate(FieldType)
        for key in KEYS
    },
    {1: KnownSegment("VIP"), 2: KnownSegment("it's"), 3: KnownSegment("same"), 4: KnownSegment("same")},
)

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=12
) | st.sampled_from(
    ["'", '"', "''", "a'b", "# no comment", "Madrid\n", "‘x’", "and", "1", "2026-11-30", "true", "P30D", "\\'"]
)
numbers = (
    st.integers(-(2**63), 2**63 - 1)
    | st.floats(-1e100, 1e100, allow_nan=False)
    | st.sampled_from([0, -0.0, 1.0, 0.1, 1e-7, 1e22, 1e100, -1e100, 5e-324])
)
dates = st.dates().map(lambda day: day.isoformat())
instants = (
    st.datetimes(timezones=st.timezones(), allow_imaginary=False)
    .map(lambda at: at.isoformat())
    .filter(lambda text: len(text) < 33 and "0001" < text[:4] < "9999" and text[-6] in "+-")
)
day_durations = st.builds(lambda y, m, d: f"P{y}Y{m}M{d}D", st.integers(0, 60), st.integers(0, 40), st.integers(0, 400))
durations = day_durations | st.builds(
    lambda d, h, s: f"P{d}DT{h}H{s}S", st.integers(0, 9), st.integers(0, 99), st.integers(0, 9999)
)
names = texts | st.sampled_from(["total", "and", "Größe", "a.b", "a..b", "not", "sku-1", "true", "count", "where"])
kinds = st.from_regex(r"[a-z0-9_.]{1,12}", fullmatch=True) | st.sampled_from(
    ["purchase", "product.visit", "and", "in", "1"]
)

LISTS = ("IN", "NOT_IN", "HAS_ANY", "HAS_ALL", "HAS_NONE")
MOVING = ("WITHIN_LAST", "MORE_THAN_AGO", "WITHIN_NEXT", "MORE_THAN_AHEAD", "ANNIVERSARY_WITHIN_NEXT")
VALUES = {
    FieldType.TEXT: texts,
    FieldType.NUMBER: numbers,
    FieldType.BOOLEAN: st.booleans(),
    FieldType.DATE: dates,
    FieldType.DATETIME: instants,
}


@st.composite
def operands(draw, kind, operator, choices=()):
    if operator in ("IS_SET", "IS_NOT_SET"):
        return {}
    if operator in MOVING:
        return {"value": draw(day_durations if kind is FieldType.DATE else durations)}
    one = VALUES[kind] if kind in VALUES else st.sampled_from(choices)
    if operator == "BETWEEN":
        return {
            "value": sorted(
                draw(st.lists(one, min_size=2, max_size=2)), key=find_instant if kind is FieldType.DATETIME else None
            )
        }
    return {"value": draw(st.lists(one, min_size=1, max_size=3) if operator in LISTS else one)}


@st.composite
def fields(draw):
    field = draw(st.sampled_from(CATALOGUE.fields()))
    operator = draw(st.sampled_from(OPERATORS[field.type]))
    return {
        "field": {"field": field.key, "operator": operator.value} | draw(operands(field.type, operator, field.choices))
    }


@st.composite
def filters(draw):
    operator = draw(st.sampled_from(list(ActivityOperator)))
    if operator in ("IS_SET", "IS_NOT_SET"):
        value = {}
    elif operator in ("IN", "NOT_IN"):
        value = {"value": draw(st.lists(texts | numbers | st.booleans(), min_size=1, max_size=3))}
    else:
        some = texts | numbers if operator == "CONTAINS" else texts | numbers | st.booleans()
        value = {"value": draw(some if operator in ("EQUALS", "NOT_EQUALS", "CONTAINS") else numbers)}
    return {"property": draw(names), "operator": operator.value} | value


@st.composite
def activities(draw):
    metric = draw(
        st.sampled_from(
            ["COUNT", "SUM", "AVERAGE", "MINIMUM", "MAXIMUM", "DISTINCT_COUNT", "FIRST_OCCURRED", "LAST_OCCURRED"]
        )
    )
    moment = metric.endswith("OCCURRED")
    kind = FieldType.DATETIME if moment else FieldType.NUMBER
    operator = draw(st.sampled_from([one for one in OPERATORS[kind] if "SET" not in one]))
    body = {"kind": draw(kinds), "metric": metric, "operator": operator.value} | draw(operands(kind, operator))
    if not moment and metric != "COUNT":
        body["property"] = draw(names)
    some = draw(st.lists(filters(), max_size=2))
    optional = {"where": some or None, "within": draw(st.none() | durations)}
    since, until = sorted(draw(st.lists(instants, min_size=2, max_size=2)), key=find_instant)
    if find_instant(since) < find_instant(until):
        optional |= draw(st.sampled_from([{}, {"since": since}, {"until": until}, {"since": since, "until": until}]))
    return {"activity": body | {key: value for key, value in optional.items() if value is not None}}


leaves = (
    fields()
    | activities()
    | st.builds(
        lambda o, t: {"tags": {"operator": o, "tags": t}},
        st.sampled_from(["HAS_ANY", "HAS_ALL", "HAS_NONE"]),
        st.lists(texts, min_size=1, max_size=3),
    )
    | st.builds(lambda i, m: {"segment": {"segmentId": i, "member": m}}, st.sampled_from([1, 2, 3, 4]), st.booleans())
)
rules = st.recursive(
    leaves,
    lambda parts: (
        st.builds(lambda g, p: {g: p}, st.sampled_from(["all", "any"]), st.lists(parts, min_size=1, max_size=4))
        | parts.map(lambda part: {"not": part})
    ),
    max_leaves=8,
).filter(lambda rule: _depth(rule) <= 8)


def _depth(rule):
    parts = rule.get("all") or rule.get("any") or ([rule["not"]] if "not" in rule else [])
    return 1 + max(map(_depth, parts)) if parts else 0
