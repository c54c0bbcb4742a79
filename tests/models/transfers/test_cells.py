"""Cells are written and read back unchanged."""

import csv
import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import db
from models.transfers.cells import FORMULA_SIGNS, guard, join_list, plain_cell, split_list, unguard

tricky = st.text(alphabet="'\"|=+-@\t\r\n＝＋－＠1.a;,\\ é", max_size=12) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12
)


@given(tricky)
def test_a_guarded_cell_is_read_back_as_it_was(cell):
    assert unguard(guard(cell)) == cell


@given(tricky)
def test_no_guarded_cell_is_a_formula(cell):
    written = guard(cell)
    assert written[:1] not in FORMULA_SIGNS or not written or written[1:].replace(".", "").isdigit()


@pytest.mark.parametrize("cell", ["+34600111222", "-5", "-12.5", "a=b", "", "'tis", "O'Hara"])
def test_other_cells_are_not_changed(cell):
    assert guard(cell) == cell


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "＝1", "+", "-", "+34 600"])
def test_a_formula_gets_an_apostrophe(cell):
    assert guard(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "guarded"),
    [
        (";=1+1", ";'=1+1"),
        ("a;@x", "a;'@x"),
        ("a|-x", "a|'-x"),
        ("\t=1", "'\t'=1"),
        ("a\r\n+cmd|' /C calc'!A0", "a\r'\n'+cmd|' /C calc'!A0"),
        (';"=1+1;"', ';\'"=1+1;"'),
        ("600;+34600111222;-5.5", "600;+34600111222;-5.5"),
        ("a,=1", "a,=1"),
        ("a; =1", "a; =1"),
    ],
)
def test_a_formula_gets_an_apostrophe_wherever_another_separator_would_begin_a_cell(cell, guarded):
    assert guard(cell) == guarded
    assert unguard(guarded) == cell


@given(tricky, st.sampled_from(",;\t|"))
def test_no_cell_is_a_formula_in_a_program_that_separates_otherwise(cell, separator):
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(["first", guard(cell), "last"])
    rows = csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=separator)
    seen = [one for row in rows for one in row] if separator != "," else [guard(cell)]
    for one in seen:
        assert one[:1] not in FORMULA_SIGNS or not one or re.fullmatch(r"[+-][0-9]+(\.[0-9]+)?(,last)?", one), repr(one)


@given(tricky)
def test_a_guarded_key_is_read_back_as_it_was(cell):
    assert unguard(guard(cell, is_key=True), is_key=True) == cell


@pytest.mark.parametrize(
    ("cell", "plain"),
    [
        ("'9980300000001", "9980300000001"),
        ("'00123", "00123"),
        ("'+573158170001", "+573158170001"),
        (" '+573158170001 ", "+573158170001"),
        ("'=1", "=1"),
        ("'tis", "'tis"),
        ("O'Hara", "O'Hara"),
        ('="00123"', "00123"),
        ('= "00123"', "00123"),
        ('="a ""b"""', 'a "b"'),
        ('=""', ""),
        ("=1+1", "=1+1"),
        ("\xa0Paris\u202f ", "Paris"),
        ("#N/A", ""),
        ("#n/a", ""),
        ("#REF!", ""),
        ("#¡VALOR!", ""),
        ("#BEZUG!", ""),
        ("########", ""),
        ("Err:502", ""),
        ("#1 fan", "#1 fan"),
        ("#N/A or so", "#N/A or so"),
        ("Error", "Error"),
        ("", ""),
    ],
)
def test_the_marks_of_spreadsheets_are_taken_off(cell, plain):
    assert plain_cell(cell) == plain


@pytest.mark.parametrize(("cell", "plain"), [("'ab-1", "ab-1"), ("''ab", "'ab"), ("'9980300000001", "9980300000001")])
def test_no_key_begins_with_an_apostrophe(cell, plain):
    assert plain_cell(cell, is_key=True) == plain


@pytest.mark.parametrize(
    ("cell", "separator", "expected"),
    [
        ('"VIP","Paris, 11e"', ",", ["VIP", "Paris, 11e"]),
        ('"VIP", "Paris, 11e" ,new', ",", ["VIP", "Paris, 11e", "new"]),
        ('"a ""b""";c', ";", ['a "b"', "c"]),
        ('6" pipe;7" pipe', ";", ['6" pipe', '7" pipe']),
        ('"open;b', ";", ['"open', "b"]),
        ('"a" b;c', ";", ['"a" b', "c"]),
        ('"","a"', ",", ["a"]),
        ("a\\;b;c", ";", ["a;b", "c"]),
    ],
)
def test_items_of_a_list_may_stand_in_quotes(cell, separator, expected):
    assert split_list(cell, separator) == expected


items = st.lists(st.text(alphabet='ab;,|\\ é="', min_size=1, max_size=6).map(str.strip).filter(bool), max_size=5)


@given(items, st.sampled_from(";,|"))
def test_a_list_in_a_cell_is_read_back(tags, separator):
    assert split_list(join_list(tags, separator), separator) == tags


def test_items_are_stripped_and_empty_ones_dropped():
    assert split_list(" vip ;; new customer;") == ["vip", "new customer"]


async def test_postgresql_guards_and_joins_in_the_same_way(database):
    cells = ["", "=1", "''=1", "'a", "+1", "-1.5", "-1.", "+1+1", "@x", "\tx", "\n1", "－1", "a\n=1", "+1\n", "١", "+١"]
    cells += ["'00123", "''1", "'1a", ";=1", "a|+1", "a|+1;", ";\"'=1", "\t\t=", "a; =1", "a;-1.5", "a,=1", "'a;=1"]
    for cell in cells:
        assert await db.fetch_value("SELECT muster_guard($1)", cell) == guard(cell), repr(cell)
        assert await db.fetch_value("SELECT muster_guard($1, true)", cell) == guard(cell, is_key=True), repr(cell)
    for tags in ([], ["a"], ['"a"', 'b"'], ['";'], ["a;b", "c"], ["\\", "a\\;"], ["a b", "ñ"]):
        assert (await db.fetch_value("SELECT muster_join_list($1)", tags) or "") == join_list(tags)
