"""Files as people, shops and spreadsheets write them, each as CSV, TSV, a workbook and pasted rows."""

import csv
import io
from collections.abc import Sequence

import pytest

from models import db
from models.contacts import fields as contact_fields
from models.errors import Invalid, NotFound, Problems, Unsupported
from models.queue.jobs import Job
from models.rules.tree import FieldType
from models.transfers.imports import start, suggestions, uploads
from models.transfers.imports.mapping import Options
from models.transfers.reading.inspection import InspectionRequest
from permissions.principal import Scope
from tests.kit.transfers import counts, everyone, finished, imported, mapped, report_of, sent, workbook
from tests.kit.workspaces import new_workspace

FORMS = ("csv", "tsv", "xlsx", "pasted")
Rows = Sequence[Sequence[str]]


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


def text_of(rows: Rows, delimiter: str) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def workbook_of(rows: Rows) -> bytes:
    escape = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
    return workbook([[cell.translate(escape) for cell in row] for row in rows])


async def imported_as(form: str, scope: Scope, rows: Rows, *columns, **options) -> Job:
    """A finished import of these rows in one of FORMS."""
    if form == "pasted":
        return await finished(
            scope, await start.from_text(scope, text_of(rows, "\t"), Options(mapped(*columns), **options))
        )
    content = workbook_of(rows) if form == "xlsx" else text_of(rows, "\t" if form == "tsv" else ",")
    return await imported(scope, content, *columns, **options)


in_each_form = pytest.mark.parametrize("form", FORMS)


# ---------------------------------------------------------------- rows


@in_each_form
async def test_rows_whose_last_cells_are_missing_are_imported(scope, form):
    rows = [
        ["name", "email", "tags"],
        ["A", "a@x.example"],
        ["B", "b@x.example", "vip"],
        ["C", "c@x.example", "", "", ""],
    ]
    job = await imported_as(form, scope, rows, "name", "email", "tags")
    assert counts(job) == {"created": 3}
    assert await everyone(scope, "name", "tags") == [("A", []), ("B", ["vip"]), ("C", [])]


@in_each_form
async def test_rows_with_more_cells_than_the_header_are_rejected(scope, form):
    rows = [["name", "email"], ["A", "a@x.example", "", "more"], ["B", "b@x.example"]]
    job = await imported_as(form, scope, rows, "name", "email")
    assert counts(job) == {"created": 1, "rejected": 1}
    assert "the row has 4 cells where the first row of the file has 2" in (await report_of(scope, job)).decode()


async def test_the_last_cells_of_a_workbook_s_first_row_may_be_empty_without_a_header(scope):
    content = workbook_of([["a@x.example"], ["b@x.example", "Bea"]])
    job = await imported(scope, content, ("0", "email"), ("1", "name"), has_header=False)
    assert counts(job) == {"created": 2}
    assert await everyone(scope, "name") == [(None,), ("Bea",)]


async def test_spaces_before_and_after_quotes_belong_to_no_cell(scope):
    content = (
        '"email", "name" , "external_id"\n"a@x.example", "Ana" ,"1"\n'
        '"b@x.example" ,"Bea ""B""" , "2"\n c@x.example , "Cy" Young , 3\n'
    )
    job = await imported(scope, content, "email", "name", "external_id")
    assert counts(job) == {"created": 3}
    assert await everyone(scope, "email", "name", "external_id") == [
        ("a@x.example", "Ana", "1"),
        ("b@x.example", 'Bea "B"', "2"),
        ("c@x.example", '"Cy" Young', "3"),
    ]


# ---------------------------------------------------------------- cells


@in_each_form
async def test_items_of_a_list_may_have_quotes_of_their_own(scope, form):
    rows = [["email", "TAGS"], ["a@x.example", '"VIP","Paris, 11e"'], ["b@x.example", "new"]]
    await imported_as(form, scope, rows, "email", ("TAGS", "tags"), list_separator=",")
    assert await everyone(scope, "tags") == [(["VIP", "Paris, 11e"],), (["new"],)]


@in_each_form
async def test_the_choices_of_a_list_may_have_quotes_of_their_own(scope, form):
    await contact_fields.create(
        scope, key="likes", label="Likes", kind=FieldType.MULTI_CHOICE, choices=["Tea", "Cake, sweet"]
    )
    rows = [["email", "likes"], ["a@x.example", '"Cake, sweet","tea"']]
    await imported_as(form, scope, rows, "email", ("likes", "attributes.likes"), list_separator=",")
    [(attributes,)] = await everyone(scope, "attributes")
    assert db.load_json(attributes) == {"likes": ["Tea", "Cake, sweet"]}


@in_each_form
async def test_no_apostrophe_of_a_spreadsheet_stays_at_an_id_or_a_phone_number(scope, form):
    rows = [["id", "phone", "email"], ["'9980300000001", "'+573158170001", "'a@x.example"], ["'B-2", "", ""]]
    await imported_as(form, scope, rows, ("id", "external_id"), "phone", "email")
    assert await everyone(scope, "external_id", "phone", "email") == [
        ("9980300000001", "+573158170001", "a@x.example"),
        ("B-2", None, None),
    ]
    again = await imported_as(form, scope, [["id"], ["9980300000001"]], ("id", "external_id"), overwrite=True)
    assert counts(again) == {"unchanged": 1}


@in_each_form
async def test_an_error_value_of_a_spreadsheet_is_an_empty_cell(scope, form):
    await contact_fields.create(scope, key="city", label="City", kind=FieldType.TEXT)
    errors = ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#¡VALOR!", "#NV", "#Н/Д", "########", "Err:508"]
    rows = [["email", "name", "city"], *([f"a{n}@x.example", error, error] for n, error in enumerate(errors))]
    job = await imported_as(form, scope, rows, "email", "name", ("city", "attributes.city"))
    assert counts(job) == {"created": len(errors)}
    assert await everyone(scope, "name", "attributes::text") == [(None, "{}")] * len(errors)


async def test_an_error_value_of_a_formula_is_an_empty_cell(scope):
    content = workbook([["email", "name"], ["a@x.example", '<c t="e"><f>NA()</f><v>#N/A</v></c>']])
    await imported(scope, content, "email", "name")
    assert await everyone(scope, "name") == [(None,)]


@in_each_form
async def test_a_number_that_a_formula_keeps_as_text_is_read(scope, form):
    await contact_fields.create(scope, key="zip", label="Zip", kind=FieldType.TEXT)
    rows = [["id", "zip"], ['="00123"', '="01234"'], ["'00124", "'01235"]]
    await imported_as(form, scope, rows, ("id", "external_id"), ("zip", "attributes.zip"))
    assert await everyone(scope, "external_id", "attributes->>'zip'") == [("00123", "01234"), ("00124", "01235")]


@in_each_form
async def test_spaces_and_no_break_spaces_around_a_text_are_taken_off(scope, form):
    await contact_fields.create(scope, key="city", label="City", kind=FieldType.TEXT)
    rows = [["email", "city", "name"], ["\xa0a@x.example ", "\xa0Paris\u202f ", " Zoé\xa0"]]
    await imported_as(form, scope, rows, "email", ("city", "attributes.city"), "name")
    assert await everyone(scope, "email", "attributes->>'city'", "name") == [("a@x.example", "Paris", "Zoé")]


async def test_a_date_that_no_calendar_has_costs_only_its_own_row(scope):
    styles = '<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'
    rows = [
        ["email", "born"],
        ["a@x.example", '<c s="1"><v>99999999999</v></c>'],
        ["b@x.example", '<c s="1"><v>33000</v></c>'],
    ]
    job = await imported(scope, workbook(rows, styles=styles), "email", ("born", "date_of_birth"))
    assert counts(job) == {"created": 1, "rejected": 1}


# ---------------------------------------------------------------- header, sheet


TITLED = [["Customers of 2026"], [], ["Exported", "today"], ["name", "email", "city"], ["A", "a@x.example", "Paris"]]


@in_each_form
async def test_a_title_above_the_header_is_passed_over(scope, form):
    job = await imported_as(form, scope, TITLED, "name", "email", header_row=4)
    assert counts(job) == {"created": 1}
    assert (job.progress["inspection"]["header_row"], job.progress["inspection"]["width"]) == (4, 3)


@pytest.mark.parametrize("form", FORMS[:3])
async def test_the_suggestions_find_the_header_below_a_title(scope, form):
    content = workbook_of(TITLED) if form == "xlsx" else text_of(TITLED, "\t" if form == "tsv" else ",")
    upload = await uploads.get_stored(scope, await sent(scope, content))
    found, suggested = await suggestions.suggest(scope, upload, InspectionRequest(header_row=None), ("uploadId",))
    assert found.header_row == 4
    assert [one.column for one in suggested.columns] == ["name", "email", "city"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([["name", "email"], ["A", "a@x.example"]], 1),
        ([["email"], ["a@x.example"]], 1),
        ([["a@x.example", "A"], ["b@x.example", "B"]], 1),
        ([["", ""], ["Report"], ["id", "name", "email"], ["1", "A", "a@x.example"]], 3),
        ([["Store", "", "", "2026-01-01"], ["id", "name", "email", "city"], ["1", "A", "", ""]], 2),
    ],
)
async def test_a_header_is_found_only_where_one_is(scope, rows, expected):
    upload = await uploads.get_stored(scope, await sent(scope, text_of(rows, ",")))
    found, _ = await suggestions.suggest(scope, upload, InspectionRequest(header_row=None), ("uploadId",))
    assert found.header_row == expected


async def test_rows_above_the_first_one_are_passed_over_without_a_header_too(scope):
    job = await imported(scope, "title\n\nAna,a@x.example\n", ("1", "email"), has_header=False, header_row=3)
    assert counts(job) == {"created": 1}


async def test_a_header_row_beyond_the_end_leaves_the_file(scope):
    upload = await sent(scope, "email\na@x.example\n")
    with pytest.raises(Invalid, match="the file ends at row 2, before row 7") as caught:
        await start.from_upload(scope, upload, Options(mapped("email"), header_row=7))
    assert caught.value.path == ("options", "headerRow")
    assert await start.from_upload(scope, upload, Options(mapped("email")))


SHEETS = """<workbook xmlns:r="r"><sheets><sheet name="Notes" sheetId="1" r:id="rId1"/>
    <sheet name="Clients &amp; co" sheetId="2" r:id="rId2"/>
    <sheet name="old" state="hidden" sheetId="3" r:id="rId3"/></sheets></workbook>"""


def of_three_sheets() -> bytes:
    def sheet(*cells: str) -> str:
        rows = "".join(f'<row><c t="str"><v>{cell}</v></c></row>' for cell in cells)
        return f"<worksheet><sheetData>{rows}</sheetData></worksheet>"

    sheets = [sheet("email", cell) for cell in ("nothing", "b@x.example", "c@x.example")]
    return workbook(sheets=SHEETS, others=sheets)


@pytest.mark.parametrize(
    ("name", "email"), [("Clients & co", "b@x.example"), ("clients & CO ", "b@x.example"), ("old", "c@x.example")]
)
async def test_a_sheet_is_chosen_by_its_name(scope, name, email):
    job = await imported(scope, of_three_sheets(), "email", sheet=name)
    assert await everyone(scope, "email") == [(email,)]
    assert job.progress["inspection"]["sheet"].casefold() == name.strip().casefold()


async def test_the_suggestions_list_the_sheets_that_can_be_seen(scope):
    upload = await uploads.get_stored(scope, await sent(scope, of_three_sheets()))
    found, _ = await suggestions.suggest(scope, upload, InspectionRequest(), ("uploadId",))
    assert (list(found.sheets), found.sheet) == (["Notes", "Clients & co"], "Notes")


async def test_a_sheet_that_is_not_there_leaves_the_file(scope):
    upload = await sent(scope, of_three_sheets())
    with pytest.raises(NotFound, match="no sheet 'Clients': its sheets are 'Notes', 'Clients & co'") as caught:
        await start.from_upload(scope, upload, Options(mapped("email"), sheet="Clients"))
    assert caught.value.path == ("options", "sheet")
    assert await start.from_upload(scope, upload, Options(mapped("email"), sheet="old"))
    with pytest.raises(Unsupported, match="only a workbook has sheets"):
        await start.from_text(scope, "email\na@x.example\n", Options(mapped("email"), sheet="A"))


# ---------------------------------------------------------------- encodings


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
async def test_a_foreign_encoding_is_recognised_and_shown(scope, delimiter):
    content = text_of([["name", "email"], ["Иван", "i@x.example"]], delimiter).encode("cp1251")
    job = await imported(scope, content, "name", "email")
    assert await everyone(scope, "name") == [("Иван",)]
    assert job.progress["inspection"]["layout"]["encoding"] == "cp1251"


async def test_a_named_encoding_is_used(scope):
    content = "name,email\nAyşe,a@x.example\n".encode("iso8859-9")
    upload = await sent(scope, content)
    with pytest.raises(Invalid, match=r"how else it is encoded is not certain .perhaps") as caught:
        await start.from_upload(scope, upload, Options(mapped("name", "email")))
    assert caught.value.path == ("options", "encoding")
    job = await finished(
        scope, await start.from_upload(scope, upload, Options(mapped("name", "email"), encoding="ISO-8859-9"))
    )
    assert await everyone(scope, "name") == [("Ayşe",)]
    assert job.progress["inspection"]["layout"]["encoding"] == "cp1254"


async def test_an_encoding_that_is_none_is_refused_with_names_that_are(scope):
    with pytest.raises(Problems, match="'windows-9' is not the name of an encoding: give one such as utf-8"):
        await imported(scope, "email\na@x.example\n", "email", encoding="windows-9")


async def test_a_file_in_another_encoding_than_the_named_one_is_refused_at_its_line(scope):
    upload = await sent(scope, b"name,email\nJos\xe9,a@x.example\n")
    with pytest.raises(Invalid, match="line 2 is not cp932: save the file as UTF-8") as caught:
        await start.from_upload(scope, upload, Options(mapped("name", "email"), encoding="shift_jis"))
    assert caught.value.path == ("options", "encoding")


async def test_pasted_rows_are_text_whatever_encoding_is_named(scope):
    options = Options(mapped("name", "email"), encoding="shift_jis")
    await finished(scope, await start.from_text(scope, "name\temail\nИван\ta@x.example\n", options))
    assert await everyone(scope, "name") == [("Иван",)]
