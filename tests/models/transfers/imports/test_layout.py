"""Which kind of file it is, and how it is to be read."""

import pytest

from models.errors import DomainError, Invalid, LimitExceeded
from models.transfers.imports.inspection import Inspection, InspectionRequest, inspect, inspect_head
from models.transfers.imports.layout import check_delimiter, guess_delimiter, guess_encoding
from tests.kit.transfers import workbook

ACCENTS = "name;email\nJosé Núñez;jose@example.com\n"


def surveyed(tmp_path, content: bytes, **wanted) -> Inspection:
    path = tmp_path / "file"
    path.write_bytes(content)
    return inspect(path, InspectionRequest(**wanted))


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("utf-32", "utf-32"),
        ("cp1252", "cp1252"),
    ],
)
def test_an_encoding_is_found_out_and_its_mark_is_no_part_of_the_header(tmp_path, encoding, told):
    seen = surveyed(tmp_path, ACCENTS.encode(encoding))
    assert (seen.layout.encoding, seen.header, seen.rows) == (told, ["name", "email"], 1)


def test_windows_text_with_one_accent_far_down_is_windows_text(tmp_path):
    content = b"name\n" + b"Ana\n" * 400_000 + "José\n".encode("cp1252")
    assert surveyed(tmp_path, content).layout.encoding == "cp1252"


def test_a_file_in_utf_8_with_one_broken_row_is_in_utf_8(tmp_path):
    seen = surveyed(tmp_path, b"name\n" + "José\n".encode() * 50 + b"Jos\xe9\n")
    assert (seen.layout.encoding, seen.layout.doubtful, seen.rows) == ("utf-8", True, 51)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"\n\n , \n", "the file has no rows"),
        (b"email\n", "a header and no rows"),
        (b"PK\x03\x04 and so on", "a zip archive: unpack it"),
        (b"\x1f\x8b\x08 and so on", "compressed"),
        (b"%PDF-1.7", "a PDF"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Excel workbook"),
        (b"email\na@example.com\nb\x00@example.com\n", "line 3 holds a NUL byte"),
        (b"email\n" + b"a@example.com\n" * 100_000 + b"\x00\n", "line 100002 holds a NUL byte"),
        (bytes(range(1, 256)) * 20, "not text in columns"),
        (b"email\n\x81\xe9\n", "line 2 is neither UTF-8 nor Windows-1252"),
        (b"email\n" + b"x" * 1_000_001 + b"\n", "line 2 is longer than 1,000,000 characters"),
        (b"x" * 3_000_000, "line 1 is longer than 1,000,000 characters"),
        (("email\n" + "José\n" * 50).encode("utf-16-le") + b"\x41\xd8", "not utf-16-le"),
        (b'"email\n' + b"a\n" * 20, "line 1 can't be read: the quotes do not match"),
    ],
)
def test_what_is_no_list_of_contacts_is_refused_by_its_name(tmp_path, content, reason):
    with pytest.raises(Invalid, match=reason):
        surveyed(tmp_path, content)


def test_too_many_columns_are_refused(tmp_path):
    with pytest.raises(LimitExceeded, match="10,000 columns: at most 500"):
        surveyed(tmp_path, b",".join([b"c"] * 10_000) + b"\n1\n")


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_a_delimiter_is_found_out(delimiter):
    text = delimiter.join(["name", "email", "notes"]) + "\n" + delimiter.join(["Ana", "a@x.org", '"a, b; c"']) + "\n"
    assert guess_delimiter(text, ()) == (delimiter, 1)


def test_the_columns_that_are_asked_for_decide_about_the_delimiter():
    text = "name;first, last;email\nAna;García, Ana;a@x.org\n"
    assert guess_delimiter(text, ["email"])[0] == ";"


def test_a_line_that_names_the_delimiter_is_believed_and_is_no_row(tmp_path):
    seen = surveyed(tmp_path, b"sep=|\r\nname|email\r\nAna|a@x.org\r\n")
    assert (seen.layout.delimiter, seen.header, seen.rows, seen.starts_at) == ("|", ["name", "email"], 1, 3)


def test_a_single_column_needs_no_delimiter(tmp_path):
    assert surveyed(tmp_path, b"email\na@x.org\nb@x.org").rows == 2


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "a", "\n", " "])
def test_what_can_not_delimit_is_refused(delimiter):
    with pytest.raises(Invalid, match="a delimiter is one character"):
        check_delimiter(delimiter)


def test_the_beginning_of_a_file_tells_the_same_as_all_of_it():
    seen, rows = inspect_head(b"email\na@x.org\nb@x.org\nc@x", InspectionRequest(), whole=False)
    assert (seen.header, rows.cells) == (["email"], [["a@x.org"], ["b@x.org"]])


def test_a_survey_survives_being_kept(tmp_path):
    seen = surveyed(tmp_path, ACCENTS.encode())
    assert Inspection.from_json(seen.to_json()) == seen


def test_a_workbook_is_not_taken_for_text():
    with pytest.raises(DomainError):
        guess_encoding(workbook([["email"]]))
