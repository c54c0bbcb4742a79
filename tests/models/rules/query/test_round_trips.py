"""A rule and its text are the same: for every valid rule."""

from hypothesis import given, settings

from models.rules.check import check
from tests.kit.drawn_rules import CATALOGUE, rules
from tests.kit.queries import printed, read


@settings(max_examples=200)
@given(rules)
def test_the_text_of_a_rule_is_read_as_that_rule(rule_json):
    rule = check(rule_json, CATALOGUE)
    text = printed(rule, CATALOGUE)
    again = read(text, CATALOGUE)
    assert again == rule
    assert repr(again) == repr(rule)  # to Python, True equals 1
    assert printed(again, CATALOGUE) == text
