"""docs/rules.md explains everything that a rule can name."""

from pathlib import Path

from models.rules.catalogue import BUILT_IN
from models.rules.check import MAX_CONDITIONS, MAX_DEPTH
from models.rules.duration import MAX_YEARS
from models.rules.operands import MAX_LIST, MAX_TEXT
from models.rules.tree import ActivityMetric, ActivityOperator, FieldOperator, FieldType, TagsOperator

PAGE = (Path(__file__).parents[3] / "docs" / "rules.md").read_text()


def test_every_operator_metric_type_and_field_is_explained():
    names = [*FieldOperator, *TagsOperator, *ActivityOperator, *ActivityMetric, *FieldType]
    assert [name for name in names if name.value not in PAGE] == []
    assert [key for key in BUILT_IN if f"`{key}`" not in PAGE] == []


def test_the_limits_are_those_of_the_code():
    for what, limit in (
        ("groups around a condition", MAX_DEPTH),
        ("conditions, filters of activities included", MAX_CONDITIONS),
        ("values in a list", MAX_LIST),
        ("characters in a text", MAX_TEXT),
    ):
        assert f"| {what} | {limit:,} |" in PAGE
    assert f"| a duration | {MAX_YEARS} years |" in PAGE
