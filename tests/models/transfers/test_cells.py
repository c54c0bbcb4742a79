"""Cells are written and read back unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import db
from models.transfers.cells import FORMULA_SIGNS, guard, join_list, split_list, unguard

tricky = st.text(alphabet="'=+-@\t\r\n＝＋－＠1.a;,\\ é", max_size=12) | st.text(
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


@pytest.mark.parametrize("cell", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "＝1", "+", "-", "+34 600"])
def test_a_formula_gets_an_apostrophe(cell):
    assert guard(cell) == f"'{cell}"


items = st.lists(st.text(alphabet="ab;,|\\ é=", min_size=1, max_size=6).map(str.strip).filter(bool), max_size=5)


@given(items, st.sampled_from(";,|"))
def test_a_list_in_a_cell_is_read_back(tags, separator):
    assert split_list(join_list(tags, separator), separator) == tags


def test_items_are_stripped_and_empty_ones_dropped():
    assert split_list(" vip ;; new customer;") == ["vip", "new customer"]


async def test_postgresql_guards_and_joins_in_the_same_way(database):
    cells = ["", "=1", "''=1", "'a", "+1", "-1.5", "-1.", "+1+1", "@x", "\tx", "\n1", "－1", "a\n=1", "+1\n", "١", "+١"]
    for cell in cells:
        assert await db.fetch_value("SELECT muster_guard($1)", cell) == guard(cell), repr(cell)
    for tags in ([], ["a"], ["a;b", "c"], ["\\", "a\\;"], ["a b", "ñ"]):
        assert (await db.fetch_value("SELECT muster_join_list($1)", tags) or "") == join_list(tags)
