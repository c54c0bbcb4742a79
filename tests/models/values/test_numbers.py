"""Numbers are read exactly, or recognised as what cannot be kept."""

import json
from decimal import Decimal

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from models.errors import Invalid
from models.values.numbers import InexactNumber, read_decimal, read_json, refuse_inexact

EXACT = ["0", "-0", "-0.0", "12", "1.50", "9223372036854775807", "-9223372036854775808", "1e22", "1E+22", "5e-324"]
EXACT += ["0.1", "123456789012345", "0.000000000000001", "1e308", "10000000000000000000000", "1.0000000000000000000"]
INEXACT = ["9223372036854775808", "18446744073709551616", "-9223372036854775809", "0.12345678901234567890", "1e400"]
INEXACT += ["-1e400", "1e-400", "12345678901234567890123", "1" + "0" * 400, "0." + "1" * 5_000, "1" * 5_000]


@pytest.mark.parametrize("text", EXACT)
def test_a_number_that_can_be_kept_is_kept(text: str) -> None:
    number = read_json(f'{{"a": [{text}]}}')["a"][0]
    assert not isinstance(number, InexactNumber)
    assert Decimal(repr(number)) == Decimal(text) == Decimal(repr(read_decimal(text)))
    refuse_inexact(number)


@pytest.mark.parametrize("text", INEXACT)
def test_a_number_that_cannot_be_kept_is_refused(text: str) -> None:
    in_others = read_json(f'[1, {{"a": ["x", {text}, 2]}}, 3]')[1]["a"][1]
    for number in (read_json(f'{{"a": [{text}]}}')["a"][0], read_json(text.encode()), read_decimal(text), in_others):
        with pytest.raises(Invalid, match="kept exactly"):
            refuse_inexact(number)


@pytest.mark.parametrize("text", ["", "1_000", "nan", "Infinity", "1e", "0x1", "1,5", "--1", "1e9999999999999"])
def test_other_texts_are_no_numbers(text: str) -> None:
    with pytest.raises(ValueError, match="is not a number"):
        read_decimal(text)


@pytest.mark.parametrize(
    "text", ["NaN", "[Infinity]", '{"a": 1e400, "b": NaN}', "01", '"\\ud83d"', "[" * 5_000 + "1e400"]
)
def test_other_texts_are_no_json(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(text)


@example("+1")
@given(st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?", fullmatch=True))
def test_a_number_is_exact_or_recognised(text: str) -> None:
    number = read_decimal(text)
    assert isinstance(number, InexactNumber) != (Decimal(repr(number)) == Decimal(text))


@given(st.recursive(st.none() | st.booleans() | st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
                    lambda part: st.lists(part) | st.dictionaries(st.text(), part), max_leaves=20))  # fmt: skip
def test_json_is_read_as_by_any_reader(value: object) -> None:
    text = json.dumps(value)
    try:
        plain = orjson.loads(text)
    except ValueError:
        return  # half a surrogate pair
    assert read_json(text) == plain
