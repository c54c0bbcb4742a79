"""Sheets of workbooks are read as a spreadsheet shows them."""

import io
import random

import pytest
from python_calamine import CalamineWorkbook

from models.errors import Invalid, LimitExceeded
from models.transfers.workbooks import limits
from models.transfers.workbooks.workbook import convert, each_row
from permissions.principal import Scope
from tests.kit.transfers import counts, everyone, fields_of_every_type, imported, refused, workbook
from tests.kit.workspaces import new_workspace

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STYLES = f"""<styleSheet xmlns="{MAIN}"><numFmts><numFmt numFmtId="200" formatCode="dd/mm/yyyy\\ hh:mm"/>
    <numFmt numFmtId="201" formatCode="&quot;days&quot; 0.0"/></numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>
    <cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="200"/><xf numFmtId="201"/></cellXfs></styleSheet>"""


def rows_of(content: bytes) -> list[tuple[int, list[str]]]:
    return list(each_row(io.BytesIO(content)))


def test_numbers_dates_and_booleans_are_written_by_their_style():
    content = workbook(
        [
            [
                "<c><v>34600111222</v></c>",
                "<c><v>3.4600111222E10</v></c>",
                "<c><v>0.30000000000000004</v></c>",
                '<c s="1"><v>45000</v></c>',
                '<c s="2"><v>45000.5</v></c>',
                '<c s="3"><v>2.5</v></c>',
                '<c s="1"><v>59</v></c>',
                '<c t="b"><v>1</v></c>',
                '<c t="str"><f>A1</f><v>a formula_x000D_</v></c>',
                '<c t="e"><v>#N/A</v></c>',
            ]
        ],
        styles=STYLES,
    )
    assert rows_of(content) == [
        (
            1,
            ["34600111222", "34600111222", "0.3", "2023-03-15", "2023-03-15T12:00:00", "2.5", "1900-02-28", "true"]
            + ["a formula\r", "#N/A"],
        )
    ]


def test_shared_strings_lose_formats_and_phonetic_hints():
    strings = ("plain", "<r><t>ri</t></r><r><t>ch</t></r><rPh><t>no</t></rPh>", "<t/>", "ñ &amp; é")
    content = workbook(
        [['<c t="s"><v>3</v></c>', '<c t="s"><v>1</v></c>', '<c t="s"><v>2</v></c>', "x"]], strings=strings
    )
    assert rows_of(content) == [(1, ["ñ & é", "rich", "", "x"])]


def test_missing_cells_and_rows_are_blank():
    content = workbook(
        sheet=f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="2"><x:c r="B2" t="str"><x:v>b</x:v></x:c></x:row>'
        '<x:row r="3"/><x:row r="5"><x:c r="A5"><x:v>1</x:v></x:c><x:c r="AA5"><x:v>27</x:v></x:c></x:row>'
        "</x:sheetData></x:worksheet>"
    )
    assert rows_of(content) == [(2, ["", "b"]), (5, ["1", *[""] * 25, "27"])]
    text = io.StringIO(newline="")
    convert(io.BytesIO(content), text)
    assert text.getvalue().count("\n") == 5


def test_the_first_visible_sheet_is_read():
    sheets = f"""<workbook xmlns="{MAIN}" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
        <workbookPr date1904="1"/><sheets><sheet name="hidden" state="hidden" r:id="rId9"/>
        <sheet name="seen" r:id="rId1"/></sheets></workbook>"""
    content = workbook([['<c s="1"><v>0</v></c>', '<c s="1"><v>1</v></c>']], sheets=sheets, styles=STYLES)
    assert rows_of(content) == [(1, ["00:00:00", "1904-01-02"])]


def test_calamine_reads_the_same():
    chance = random.Random(7)
    strings = [f"text {n} é" for n in range(20)]
    rows = [
        [
            f'<c t="s"><v>{chance.randrange(20)}</v></c>',
            f"<c><v>{chance.randrange(10**6)}</v></c>",
            f"<c><v>{chance.random()!r}</v></c>",
            f'<c s="1"><v>{chance.randrange(61, 60_000)}</v></c>',
            f"in place {chance.random()}",
        ]
        for _ in range(200)
    ]
    content = workbook(rows, styles=STYLES, strings=strings)
    theirs = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    ours = [cells for _, cells in rows_of(content)]
    assert len(ours) == len(theirs) == 200
    for mine, other in zip(ours, theirs, strict=True):
        assert (mine[0], mine[3], mine[4]) == (other[0], other[3].isoformat(), other[4])
        assert (float(mine[1]), float(mine[2])) == (other[1], pytest.approx(other[2], rel=1e-14))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: content[: len(content) // 2], "can't be read"),
        (lambda content: content.replace(b"xl/workbook.xml", b"xl/workbook.xyz"), "no .xlsx workbook"),
        (lambda _: workbook([['<c t="s"><v>5</v></c>']]), "can't be read"),
        (lambda _: workbook([["<c><v>not a number</v></c>"]]), "can't be read"),
        (lambda _: workbook([["<c><v>1</v>"]]), "can't be read"),
        (lambda _: workbook([["a"]], sheets="<workbook/>"), "no sheet that can be seen"),
        (lambda _: workbook([["a"]], styles='<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'), "XML entities"),
    ],
)
def test_a_broken_workbook_is_refused(change, reason):
    with pytest.raises(Invalid, match=reason):
        rows_of(change(workbook([["email"], ["a@x.org"]])))


def test_a_zip_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(limits, "SUSPICIOUS_BYTES", 100_000)
    with pytest.raises(Invalid, match="far more than it holds"):
        rows_of(workbook([["a" * 1_000_000]]))


def test_a_sheet_with_too_many_columns_is_refused():
    with pytest.raises(LimitExceeded, match="more than 500 columns"):
        rows_of(workbook([["a"] * 501]))


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def test_a_workbook_is_imported_and_its_lines_are_the_rows_of_the_sheet(scope, file_folder):
    await fields_of_every_type(scope)
    content = workbook(
        [
            ["email", "phone", "born", "joined", "member"],
            ["a@x.org", "<c><v>600111222</v></c>", '<c s="1"><v>33000</v></c>', '<c s="2"><v>45000.5</v></c>']
            + ['<c t="b"><v>1</v></c>'],
            [],
            ["two\nlines", "", "", "", ""],
            ["bad", "", "", "", ""],
        ],
        styles=STYLES,
    )
    job = await imported(
        scope,
        content,
        *("email", "phone", ("born", "date_of_birth"), ("joined", "subscribed_at"), ("member", "attributes.boolean")),
    )
    assert counts(job) == {"created": 1, "rejected": 2}
    [(email, phone, born, joined)] = await everyone(scope, "email", "phone", "date_of_birth", "subscribed_at")
    assert (email, phone, born.isoformat()) == ("a@x.org", "+34600111222", "1990-05-07")
    assert joined.isoformat() == "2023-03-15T11:00:00+00:00"  # noon in Madrid
    assert [row["import_line"] for row in await refused(scope, job)] == ["4", "5"]
    assert [one.read_bytes() for one in file_folder.rglob("*") if one.is_file()] == [content]


async def test_a_bad_workbook_is_refused_when_the_import_is_started(scope):
    with pytest.raises(Invalid, match="no .xlsx workbook"):
        await imported(scope, workbook([["email"]]).replace(b"xl/workbook.xml", b"xl/workbook.xyz"), "email")
