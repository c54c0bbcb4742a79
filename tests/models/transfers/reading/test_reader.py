"""Rows of delimited text are read one by one."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.transfers.cells import LONGEST_ROW
from models.transfers.reading.layout import Layout
from models.transfers.reading.reader import ParsedRows, RowReader

PLAIN = Layout("utf-8", ",")


def read(text: str, layout: Layout = PLAIN, *, at_once: int = 1_000) -> ParsedRows:
    """All rows of a text."""
    whole = ParsedRows()
    with RowReader(io.StringIO(text, newline=""), layout) as reader:
        while len(rows := reader.take(at_once)):
            whole.lines += rows.lines
            whole.cells += rows.cells
            whole.broken += rows.broken
    return whole


def test_cells_may_hold_delimiters_quotes_and_line_breaks():
    rows = read('a,"b, c"\r\n"d ""e""","f\r\ng\nh"\r\nlast,one')
    assert rows.cells == [["a", "b, c"], ['d "e"', "f\r\ng\nh"], ["last", "one"]]
    assert rows.lines == [1, 2, 5]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_all_line_ends_are_read(end):
    assert read(f"a,1{end}b,2{end}").cells == [["a", "1"], ["b", "2"]]


def test_blank_rows_are_skipped_and_counted_as_lines():
    rows = read("a,1\n\n , \n,\nb,2\n")
    assert (rows.cells, rows.lines) == ([["a", "1"], ["b", "2"]], [1, 5])


def test_an_unclosed_quote_breaks_only_its_own_line():
    rows = read('1,"open\n2,b\n3,"c"\n4,"d""e"\n5,"f"g\n6,h\n7,"open again')
    assert [cells[0] for cells in rows.cells] == ["2", "3", "4", "6"]
    assert [(line, cells[0]) for line, cells, _ in rows.broken] == [(1, "1"), (5, "5"), (7, "7")]
    assert all("quotes" in reason for _, _, reason in rows.broken)


def test_an_open_quote_ends_after_the_longest_possible_row():
    text = '1,"open\n' + "2,b\n" * (LONGEST_ROW // 4 + 100)
    rows = read(text)
    assert (len(rows.broken), len(rows.cells)) == (1, LONGEST_ROW // 4 + 100)
    assert rows.lines[0] == 2


def test_bytes_outside_the_encoding_break_only_their_own_row(tmp_path):
    path = tmp_path / "file.csv"
    path.write_bytes("é,1\n".encode() + b"\xe9,2\n" + "ü,3\n".encode())
    with RowReader(path, Layout("utf-8", ",", doubtful=True)) as reader:
        rows = reader.take(10)
    assert [cells[1] for cells in rows.cells] == ["1", "3"]
    assert rows.broken[0][:2] == (2, ["�", "2"])


def test_reading_can_start_at_a_line():
    text = 'header\n"a\nb"\nc\nd\n'
    with RowReader(io.StringIO(text, newline=""), PLAIN, 4) as reader:
        assert reader.take(10).cells == [["c"], ["d"]]


def test_fewer_long_rows_are_taken_at_once():
    text = "".join(f"{n},{'x' * 100_000}\n" for n in range(100))
    with RowReader(io.StringIO(text, newline=""), PLAIN) as reader:
        taken = []
        while rows := reader.take(10_000).cells:
            taken.append(len(rows))
    assert (sum(taken), max(taken) < 60) == (100, True)


def test_a_row_of_a_sheet_is_one_line_even_with_line_breaks():
    sheet = Layout("utf-8", ",", sheet=True)
    assert read('header\n"a\nb"\n\nc\n', sheet).lines == [1, 2, 4]
    with RowReader(io.StringIO('header\n"a\nb"\n\nc\n', newline=""), sheet, 3) as reader:
        assert (reader.take(1).cells, reader.next_line) == ([["c"]], 5)


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=8)
some_rows = st.lists(st.lists(cells, min_size=2, max_size=3), max_size=8)


@given(some_rows, st.sampled_from(",;\t|"), st.sampled_from(["\n", "\r\n"]), st.integers(1, 4))
def test_what_a_csv_writer_writes_is_read_back(rows, delimiter, end, at_once):
    text = io.StringIO(newline="")
    quoting = csv.QUOTE_MINIMAL if end == "\r\n" else csv.QUOTE_ALL  # with \n alone, it leaves \r bare
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows(rows)
    found = read(text.getvalue(), Layout("utf-8", delimiter), at_once=at_once)
    written = [row for row in rows if any(cell.strip() for cell in row)]
    assert [[cell.lstrip(" ") for cell in row] for row in found.cells] == [
        [cell.lstrip(" ") for cell in row] for row in written
    ]
    assert not found.broken


@given(st.text(alphabet='a1,"\n\r ', max_size=60), st.integers(1, 3))
def test_any_text_is_read_to_its_end_and_can_be_resumed_anywhere(text, at_once):
    whole = read(text)
    assert sorted({*whole.lines, *(line for line, _, _ in whole.broken)}) == sorted(
        [*whole.lines, *(line for line, _, _ in whole.broken)]
    )
    from_line, stopped = 1, ParsedRows()
    while True:
        with RowReader(io.StringIO(text, newline=""), PLAIN, from_line) as reader:
            rows = reader.take(at_once)
            from_line = reader.next_line
        if not len(rows):
            break
        stopped.lines += rows.lines
        stopped.cells += rows.cells
        stopped.broken += rows.broken
    assert (stopped.lines, stopped.cells, stopped.broken) == (whole.lines, whole.cells, whole.broken)
