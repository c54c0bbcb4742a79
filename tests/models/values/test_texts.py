"""Texts and objects that PostgreSQL can hold."""

import math

import pytest

from models.errors import Invalid
from models.values.texts import check_name, check_object, check_secret, check_text, storable


def test_text_that_postgresql_cannot_hold_is_refused() -> None:
    for wrong in ("a\x00", "\udfff"):
        with pytest.raises(Invalid, match="can't be stored"):
            check_text(wrong, 10)
        for value in ({"a": wrong}, {wrong: 1}, {"a": [{"b": wrong}]}):
            with pytest.raises(Invalid):
                check_object(value, 1_000)


def test_an_object_is_stored_only_when_it_can_be_read_again() -> None:
    deep: object = 1
    for _ in range(40):
        deep = [deep]
    for wrong in ({"a": math.inf}, {"a": 2**64}, {"a": deep}, {"a": "x" * 100}, [], "x", None):
        with pytest.raises(Invalid):
            check_object(wrong, 90)
    assert check_object({"a": [1, 2.5, None, True, "é"]}, 90) == '{"a":[1,2.5,null,true,"é"]}'


def test_what_postgresql_cannot_hold_is_replaced() -> None:
    given = {"a\x00": ["b\ud83d", {"c": "d"}], "e": [1, None, 2.5, True], "😀": "\udc00\ud83d"}
    assert storable(given) == {"a\ufffd": ["b\ufffd", {"c": "d"}], "e": [1, None, 2.5, True], "😀": "\ufffd\ufffd"}


def test_text_is_stored_composed() -> None:
    assert check_text("Zoe\u0308", 4) == "Zoë"
    assert check_name(" e\u0301 ", 3) == "é"
    assert check_object({"e\u0301": ["a\u0301", {"x": "o\u0308"}]}, 90) == '{"é":["á",{"x":"ö"}]}'
    assert check_secret("e\u0301", 2) == "e\u0301"
    for other in ("ﬁ", "²", "Ａ", "ß"):
        assert check_text(other, 1) == other


def test_two_names_that_become_one_are_refused() -> None:
    with pytest.raises(Invalid, match="look alike"):
        check_object({"é": 1, "e\u0301": 2}, 90)


def test_a_mistake_in_an_object_has_its_path() -> None:
    for value, path in (({"a": [1, {"b": "\x00"}]}, ("a", "1", "b")), ({"a": {"b": 2**64}}, ("a", "b"))):
        with pytest.raises(Invalid) as refused:
            check_object(value, 90)
        assert refused.value.path == path
