"""The report of skipped and rejected rows can be corrected and imported again."""

import csv
import io

import pytest

from models.contacts.create import create_contact
from permissions.principal import Scope
from tests.kit.transfers import counts, everyone, imported, refused, report_of
from tests.kit.workspaces import new_workspace


@pytest.fixture
async def scope(database: str) -> Scope:
    return await new_workspace()


async def test_rows_are_unchanged_after_line_column_and_reason(scope):
    job = await imported(scope, 'email,note\r\n"bad, ""one""","=1+1"\r\na@x.org,\r\n', "email")
    assert (await report_of(scope, job)).decode() == (
        "import_line,import_column,import_reason,email,note\r\n"
        '2,email,this is not an e-mail address: An email address must have an @-sign.,"bad, ""one""",=1+1\r\n'
    )


async def test_a_corrected_report_can_be_imported(scope):
    first = await imported(scope, "email;name\nbad;Ana\nworse;Bea\nc@x.org;Cea\n", "email", "name")
    assert counts(first) == {"created": 1, "rejected": 2}
    corrected = (await report_of(scope, first)).decode().replace(";bad;", ";a@x.org;")
    second = await imported(scope, corrected, "email", "name")
    assert counts(second) == {"created": 1, "rejected": 1}
    assert await everyone(scope, "email", "name") == [("c@x.org", "Cea"), ("a@x.org", "Ana")]
    rows = list(csv.reader(io.StringIO((await report_of(scope, second)).decode()), delimiter=";"))
    assert rows[0] == ["import_line", "import_column", "import_reason", "email", "name"]
    assert [row[:2] + row[3:] for row in rows[1:]] == [["3", "email", "worse", "Bea"]]


async def test_without_a_header_the_cells_keep_their_indexes(scope):
    columns = (("1", "email"), ("0", "name"))
    first = await imported(scope, "Ana,bad\nBea\nCea,c@x.org\n", *columns, has_header=False)
    text = (await report_of(scope, first)).decode()
    assert text.startswith("Ana,bad,1,1,")
    assert text.splitlines()[1].startswith("Bea,,2,1,the row has no email")
    second = await imported(scope, text.replace("Ana,bad", "Ana,a@x.org"), *columns, has_header=False)
    assert counts(second) == {"created": 1, "rejected": 1}


async def test_a_row_keeps_too_many_cells(scope):
    job = await imported(scope, "email,name\nb@x.org,Bea,more,and more\n")
    rows = list(csv.reader(io.StringIO((await report_of(scope, job)).decode())))
    assert [row[3:] for row in rows[1:]] == [["b@x.org", "Bea", "more", "and more"]]


async def test_skipped_rows_are_in_the_report(scope):
    await create_contact(scope, {"email": "a@x.org"})
    job = await imported(scope, "email\na@x.org\nb@x.org\nb@x.org\n")
    assert [(row["import_line"], row["email"]) for row in await refused(scope, job)] == [
        ("2", "a@x.org"),
        ("4", "b@x.org"),
    ]


async def test_a_long_report_is_in_the_order_of_the_lines(scope):
    job = await imported(scope, "email,note\n" + "".join(f"bad{n},{'x' * 100}\n" for n in range(3_000)), "email")
    lines = [int(row["import_line"]) for row in await refused(scope, job)]
    assert lines == list(range(2, 3_002))
