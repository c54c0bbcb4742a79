"""Numbers with a decimal comma."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Invalid
from models.transfers.imports.numbers import plain_number


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("1234,5", "1234.5"),
        ("1.234,56", "1234.56"),
        ("-1.234.567,8", "-1234567.8"),
        ("1 234,5", "1234.5"),
        ("1\u00a0234,5", "1234.5"),
        ("1'234,5", "1234.5"),
        ("1.234", "1234"),
        ("12", "12"),
        (" 0,5 ", "0.5"),
    ],
)
def test_a_comma_begins_the_decimals(text, plain):
    assert plain_number(text, decimal_comma=True, is_workbook=False) == plain


@pytest.mark.parametrize("text", ["12.5", "1,234,5", "1.23,4", "12.34", "1,2e3", "many", ",5"])
def test_other_numbers_are_refused_and_not_guessed(text):
    with pytest.raises(Invalid, match="decimal comma"):
        plain_number(text, decimal_comma=True, is_workbook=False)


def test_the_numbers_of_a_workbook_have_a_point():
    assert plain_number("12.5", decimal_comma=True, is_workbook=True) == "12.5"
    assert plain_number("1.2e-07", decimal_comma=True, is_workbook=True) == "1.2e-07"
    assert plain_number("12,5", decimal_comma=True, is_workbook=True) == "12.5"
    with pytest.raises(Invalid, match="as a number of the workbook"):
        plain_number("1.234", decimal_comma=True, is_workbook=True)


@given(st.integers(-(10**15), 10**15), st.integers(0, 99), st.sampled_from([".", " ", "'", ""]))
def test_any_number_is_read_as_it_was_written(whole, cents, separator):
    written = f"{whole:,}".replace(",", separator) + f",{cents:02}"
    plain = plain_number(written, decimal_comma=True, is_workbook=False)
    assert plain == f"{whole}.{cents:02}"


def test_without_the_option_a_number_stays_as_it_is():
    assert plain_number("1,234.5", decimal_comma=False, is_workbook=False) == "1,234.5"
