"""What is wrong in a text: where, in which words, and what is right there."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Lark

from models.errors import Problems
from models.rules.check import check
from models.rules.query.completing import complete
from models.rules.query.grammar import GRAMMAR
from models.rules.query.mistakes import MAX_CHARACTERS, MAX_TOKENS, QueryProblems, line_and_column
from tests.kit.drawn_rules import CATALOGUE, rules
from tests.kit.queries import printed, read


def errors_of(text, **options):
    with pytest.raises(QueryProblems) as raised:
        read(text, CATALOGUE, **options)
    return raised.value.errors


@pytest.mark.parametrize(
    ("text", "code", "wrong", "replacement"),
    [
        ("city == 'x'", "UNEXPECTED_TOKEN", "==", "="),
        ("score => 3", "UNEXPECTED_TOKEN", "=>", ">="),
        ("city <> 'x'", "UNEXPECTED_TOKEN", "<>", "!="),
        ("score > 1 && score < 5", "UNEXPECTED_TOKEN", "&&", "and"),
        ("score > 1 || score < 5", "UNEXPECTED_TOKEN", "||", "or"),
        ("!(score > 1)", "UNEXPECTED_TOKEN", "!", "not"),
        ("!email is set", "UNEXPECTED_TOKEN", "!", "not "),
        ("city = ‘Madrid’", "UNEXPECTED_TOKEN", "‘Madrid’", "'Madrid'"),
        ("city = “O'Neill”", "UNEXPECTED_TOKEN", "“O'Neill”", "'O''Neill'"),
        ("city = Madrid", "UNEXPECTED_TOKEN", "Madrid", "'Madrid'"),
        ("city = null", "UNEXPECTED_TOKEN", "= null", "is not set"),
        ("city is not null", "UNEXPECTED_TOKEN", "is not null", "is set"),
        ("city like 'x'", "UNEXPECTED_TOKEN", "like", "contains"),
        ("created_at in the last 3 days", "UNEXPECTED_TOKEN", "in the last", "within last"),
        ("created_at within last 30d", "UNEXPECTED_TOKEN", "30d", "30 days"),
        ("city = 'x' adn score = 1", "UNEXPECTED_TOKEN", "adn", "and"),
        ("score = abc", "UNEXPECTED_TOKEN", "abc", None),
        ("score = 1)", "UNEXPECTED_TOKEN", ")", None),
        ("city = 'x", "UNEXPECTED_END", "'x", None),
        ("(score = 1", "UNEXPECTED_END", "", None),
        ("city is n", "UNEXPECTED_END", "is n", None),
        ("", "UNEXPECTED_END", "", None),
        ("citty = 'x'", "UNKNOWN_FIELD", "citty", "city"),
        ("tags = 'x'", "UNKNOWN_FIELD", "tags", None),
        ("in segment 'nobody'", "UNKNOWN_SEGMENT", "'nobody'", None),
        ("in segment 'same'", "UNKNOWN_SEGMENT", "'same'", None),
        ("in segment id 'nobody'", "UNKNOWN_SEGMENT", "'nobody'", None),
        ("score starts with 'x'", "WRONG_OPERATOR", "starts with", None),
        ("count(a) contains 3", "WRONG_OPERATOR", "contains", None),
        ("count(a where b starts with 'x') > 3", "WRONG_OPERATOR", "starts with", None),
        ("score in (1, 'x', 2)", "WRONG_VALUE", "'x'", None),
        ("whatsapp_consent = 'OPTEDIN'", "WRONG_VALUE", "'OPTEDIN'", "'OPTED_IN'"),
        ("date_of_birth > 2026-02-30", "WRONG_VALUE", "2026-02-30", None),
        ("date_of_birth within last 3 hours", "WRONG_VALUE", "3 hours", None),
        ("created_at within last P1", "WRONG_VALUE", "P1", None),
        ("score between 5 and 1", "WRONG_VALUE", "5 and 1", None),
        ("count('a b') > 3", "WRONG_VALUE", "'a b'", None),
        ("score > 12345678901234567890", "WRONG_VALUE", "12345678901234567890", None),
        ("not " * 9 + "score > 1", "TOO_COMPLEX", "not score > 1", None),
    ],
)  # fmt: skip
def test_a_mistake_has_its_place_its_words_and_what_is_right(text, code, wrong, replacement):
    error = errors_of(text)[0]
    start, end = error.span
    assert (error.code, text[start:end], error.replacement) == (code, wrong, replacement)
    assert error.message
    if code != "TOO_COMPLEX":
        assert error.expected
    if replacement is not None:
        mended = text[:start] + replacement + text[end:]
        assert read(mended, CATALOGUE)


def test_plain_mistakes_are_all_reported_at_once_and_those_behind_them():
    text = "city == ‘Madrid’ && nme = 'x' || score > 'y'"
    assert [(error.code, text[slice(*error.span)]) for error in errors_of(text)] == [
        ("UNEXPECTED_TOKEN", "=="),
        ("UNEXPECTED_TOKEN", "‘Madrid’"),
        ("UNEXPECTED_TOKEN", "&&"),
        ("UNKNOWN_FIELD", "nme"),
        ("UNEXPECTED_TOKEN", "||"),
        ("WRONG_VALUE", "'y'"),
    ]


def test_too_much_is_refused_before_it_is_read():
    assert [error.code for error in errors_of(" " * (MAX_CHARACTERS + 1))] == ["TOO_COMPLEX"]
    assert errors_of(" and ".join(["score = 1"] * 101))[0].code == "TOO_COMPLEX"
    assert errors_of("(" * 20_000)[0].code == "UNEXPECTED_END"
    assert errors_of("(" * (MAX_TOKENS + 1))[0].code == "TOO_COMPLEX"


def test_a_dynamic_segment_refuses_activities_at_their_place():
    text = "score = 1 and count(purchase) > 3"
    (error,) = errors_of(text, allows_activities=False)
    assert (error.code, text[slice(*error.span)]) == ("NOT_ALLOWED", "count(purchase) > 3")


def test_lines_and_columns_count_from_one():
    assert [line_and_column("ab\ncd", at) for at in (0, 2, 3, 5)] == [(1, 1), (1, 3), (2, 1), (2, 3)]


SENTINEL = {"field": {"field": "name", "operator": "EQUALS", "value": "where it is wrong"}}


def _field(name, operator, value):
    return {"field": {"field": name, "operator": operator, "value": value}}


def _count(**body):
    return {"activity": {"kind": "a", "metric": "COUNT", "operator": "EQUALS", "value": 1} | body}


WRONG = [
    (_field("nobody", "EQUALS", "x"), "nobody = 'x'", "nobody"),
    (_field("score", "CONTAINS", "x"), "score contains 'x'", "contains"),
    (_field("score", "EQUALS", "zz"), "score = 'zz'", "'zz'"),
    (_field("score", "IN", [1, "zz"]), "score in (1, 'zz')", "'zz'"),
    (_field("score", "BETWEEN", [True, 1]), "score between true and 1", "true"),
    (_field("created_at", "WITHIN_LAST", "P300Y"), "created_at within last 300 years", "300 years"),
    (_field("whatsapp_consent", "EQUALS", "NO"), "whatsapp_consent = 'NO'", "'NO'"),
    ({"tags": {"operator": "HAS_ANY", "tags": ["a", ""]}}, "tagged any ('a', '')", "''"),
    ({"segment": {"segmentId": 0, "member": True}}, "(in segment 'gone')", "'gone'"),
    (_count(kind="Ä"), "count(Ä) = 1", "Ä"),
    (_count(value="zz"), "count(a) = 'zz'", "'zz'"),
    (_count(metric="SUM", property=""), "sum(a, '') = 1", "''"),
    (_count(where=[{"property": "b", "operator": "GT", "value": "zz"}]), "count(a where b > 'zz') = 1", "'zz'"),
    (_count(within="P300Y"), "count(a) within last 300 years = 1", "300 years"),
    (_count(since="2026"), "count(a) since '2026' = 1", "'2026'"),
]


def _with_sentinel(rule, place):
    """The rule with the condition number `place` replaced, counted from the left and beginning again after the last."""
    rule = deepcopy(rule)
    holders = []

    def walk(node):
        for key, value in node.items():
            if key in ("all", "any"):
                for index, part in enumerate(value):
                    holders.append((value, index)) if _is_leaf(part) else walk(part)
            elif key == "not":
                holders.append((node, key)) if _is_leaf(value) else walk(value)

    if _is_leaf(rule):
        return SENTINEL
    walk(rule)
    holder, key = holders[place % len(holders)]
    holder[key] = SENTINEL
    return rule


def _is_leaf(node):
    return not node.keys() & {"all", "any", "not"}


def _replaced(node, wrong):
    if node == SENTINEL:
        return wrong
    if isinstance(node, dict):
        return {key: _replaced(value, wrong) for key, value in node.items()}
    return [_replaced(part, wrong) for part in node] if isinstance(node, list) else node


@given(rules, st.integers(0, 20), st.sampled_from(WRONG))
def test_a_mistake_in_the_rule_and_in_its_text_is_at_the_same_place(rule, place, wrong):
    wrong_json, wrong_text, at = wrong
    sound = _with_sentinel(rule, place)
    text = printed(check(sound, CATALOGUE), CATALOGUE).replace("name = 'where it is wrong'", wrong_text)
    with pytest.raises(Problems) as raised:
        check(_replaced(sound, wrong_json), CATALOGUE)
    (in_rule,) = raised.value.errors
    (in_text,) = errors_of(text)
    assert tuple(in_text.path) == in_rule.path
    assert text[slice(*in_text.span)] == at
    assert in_text.span[0] == text.index(wrong_text) + wrong_text.index(at)


@given(rules)
def test_every_beginning_of_a_text_is_a_rule_or_says_what_may_follow(rule):
    text = printed(check(rule, CATALOGUE), CATALOGUE)
    for end in {*range(0, len(text), max(1, len(text) // 25)), *range(max(0, len(text) - 12), len(text))}:
        assert all(error.expected for error in _errors(text[:end])), text[:end]


def _errors(text):
    try:
        read(text, CATALOGUE)
    except QueryProblems as problems:
        return problems.errors
    return ()


JUNK = [
    "",
    " ",
    "'",
    '"',
    "’",
    "(",
    ")",
    ",",
    "==",
    "&&",
    "!",
    "<>",
    "null",
    "not ",
    "and",
    "in ",
    "is",
    "#",
    "\0",
    "30d",
    "é",
    "Madrid",
    "= =",
]


@given(rules, st.floats(0, 1), st.integers(0, 12), st.sampled_from(JUNK) | st.text(max_size=5))
def test_whatever_is_written_has_its_mistakes_in_the_text(rule, place, removed, junk):
    text = printed(check(rule, CATALOGUE), CATALOGUE)
    start = int(place * len(text))
    text = text[:start] + junk + text[start + removed :]
    for error in _errors(text):
        first, last = error.span
        assert 0 <= first <= last <= len(text)
        assert error.message
    complete(text, start, CATALOGUE)


def test_the_grammar_has_no_conflicts(caplog):
    caplog.set_level("DEBUG", "lark")
    Lark(GRAMMAR.read_text(), parser="lalr", lexer="contextual", debug=True)
    assert [record.message for record in caplog.records if "onflict" in record.message] == []
