"""JSON as text."""

from models import db


def test_a_value_is_read_as_it_was_written() -> None:
    value = {"a": [1, 2.5, None, True, "é"]}
    assert db.load_json(db.dump_json(value)) == value
    assert db.load_json(None) is None


def test_true_is_not_the_same_json_as_one() -> None:
    assert not db.same_json(True, 1)
    assert db.same_json({"a": 1, "b": [2]}, {"b": [2], "a": 1})
