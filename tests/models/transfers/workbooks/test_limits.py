"""What no real workbook has is refused before anything is made of it."""

import io
import tracemalloc

import pytest

from models.errors import Invalid, LimitExceeded
from models.transfers.workbooks import limits
from models.transfers.workbooks.workbook import convert
from tests.kit.transfers import workbook

HEAD = "<worksheet><sheetData>"
TAIL = "</sheetData></worksheet>"


def converted(content: bytes, **options) -> str:
    text = io.StringIO(newline="")
    convert(io.BytesIO(content), text, **options)
    return text.getvalue().replace("\r\n", "\n")


def sheet(rows: str) -> bytes:
    return workbook(sheet=f"{HEAD}{rows}{TAIL}")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (
            lambda: sheet('<row r="400000000"><c><v>1</v></c></row>'),
            "a row 400,000,000, and no sheet has more than 1,048,576",
        ),
        (lambda: sheet(f'<row r="{"9" * 4_000}"><c><v>1</v></c></row>'), "no sheet has more than 1,048,576"),
        (lambda: sheet(f'<row r="{"9" * 200_000}"><c><v>1</v></c></row>'), "can't be read"),
        (
            lambda: sheet(f'<row><c r="{"A" * 200_000}1"><v>1</v></c></row>'),
            "a cell in the column 'AAAAAAAAAAAAAAAAAAAA'",
        ),
        (lambda: sheet('<row><c r="ZZZZ1"><v>1</v></c></row>'), "a cell in the column 'ZZZZ'"),
        (lambda: sheet('<row><c r="a1"><v>1</v></c></row>'), "a cell in the column 'a'"),
        (lambda: sheet(f"<row>{'<c/>' * 16_385}</row>"), "a row of more than 16,384 cells"),
        (lambda: sheet('<row><c r="-1"><v>1</v></c></row>'), "a cell in the column '-'"),
        (
            lambda: sheet(f'<row><c t="str"><v>{"x" * 99_000_000}</v></c></row>'),
            "row 1 is longer than 1,000,000 characters",
        ),
        (lambda: sheet(f'<row><c t="inlineStr"><is><t>{"x" * 2_000_000}</t></is></c></row>'), "row 1 is longer than"),
        (lambda: sheet(f'<row spans="{"1" * 9_000_000}"><c><v>1</v></c></row>'), "has a tag that is longer than any"),
        (
            lambda: sheet(f"<row><c><v>{'1' * 5_000}</v></c></row>" + f"<!--{'-' * 9_000_000}"),
            "longer than any|can't be read",
        ),
        (
            lambda: workbook([['<c t="s"><v>0</v></c>']], strings=["y" * 3_000_000]),
            "a text of more than 1,000,000 characters",
        ),
        (lambda: workbook([['<c t="s"><v>0</v></c>'] * 400], strings=["y" * 900_000]), "row 1 is longer than"),
    ],
)
def test_it_is_refused_and_little_memory_is_taken(make, reason):
    content = make()
    tracemalloc.start()
    try:
        with pytest.raises((Invalid, LimitExceeded), match=reason):
            converted(content)
        assert tracemalloc.get_traced_memory()[1] < 25 << 20
    finally:
        tracemalloc.stop()


def test_rows_far_apart_are_blank_rows_up_to_the_last_of_a_sheet():
    text = converted(sheet('<row r="1"><c><v>1</v></c></row><row r="1048576"><c><v>2</v></c></row>'))
    assert (text.count("\n"), len(text)) == (1_048_576, 1_048_578)


def test_rows_and_cells_that_repeat_their_place_take_no_more_than_one():
    assert converted(
        sheet('<row r="2"><c r="A2"><v>1</v></c><c r="A2"><v>3</v></c></row><row r="1"><c><v>2</v></c></row>')
    ) == ("\n3\n2\n")


def test_a_workbook_that_unpacks_to_too_much_is_refused(monkeypatch):
    monkeypatch.setattr(limits, "MOST_BYTES", 1_000_000)
    with pytest.raises(LimitExceeded, match="unpacks to more than"):
        converted(workbook([[f"{'a' * 1_000}{n}"] for n in range(2_000)]))


def test_a_look_at_the_first_rows_reads_no_more_shared_strings_than_they_need():
    strings = [*(f"text {n}" for n in range(50_000)), "<t>broken"]
    content = workbook([[f'<c t="s"><v>{n}</v></c>'] for n in range(50_000)], strings=strings)
    assert converted(content, most_rows=3) == "text 0\ntext 1\ntext 2\n"
    with pytest.raises(Invalid, match="can't be read"):
        converted(content)


def test_first_rows_whose_strings_are_empty_are_no_more_rows():
    content = workbook(
        [['<c t="s"><v>0</v></c>'], ['<c t="s"><v>1</v></c>'], ['<c t="s"><v>2</v></c>']], strings=["<t/>", "b", "c"]
    )
    assert converted(content, most_rows=2) == "\nb\n"
