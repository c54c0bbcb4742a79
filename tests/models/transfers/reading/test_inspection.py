"""A file is inspected before its import."""

import pytest

from models.errors import Invalid, LimitExceeded
from models.transfers.reading.inspection import Inspection, InspectionRequest, inspect, inspect_head

ACCENTS = "name;email\nJosé Núñez;jose@example.com\n"


def inspected(tmp_path, content: bytes, **wanted) -> Inspection:
    path = tmp_path / "file"
    path.write_bytes(content)
    return inspect(path, InspectionRequest(**wanted), tmp_path / "table")


@pytest.mark.parametrize(
    ("encoding", "expected"),
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
def test_the_encoding_is_found_out_and_its_mark_is_not_in_the_header(tmp_path, encoding, expected):
    inspection = inspected(tmp_path, ACCENTS.encode(encoding))
    assert (inspection.layout.encoding, inspection.header, inspection.rows) == (expected, ["name", "email"], 1)


def test_one_accent_in_windows_1252_far_down_is_found(tmp_path):
    content = b"name\n" + b"Ana\n" * 400_000 + "José\n".encode("cp1252")
    assert inspected(tmp_path, content).layout.encoding == "cp1252"


def test_utf_8_with_one_broken_row_is_doubtful(tmp_path):
    inspection = inspected(tmp_path, b"name\n" + "José\n".encode() * 50 + b"Jos\xe9\n")
    assert (inspection.layout.encoding, inspection.layout.doubtful, inspection.rows) == ("utf-8", True, 51)


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
        (b"email\n\x81\xe9\n", "the file is not UTF-8, and how else it is encoded is not certain"),
        (b"email\n" + b"x" * 1_000_001 + b"\n", "line 2 is longer than 1,000,000 characters"),
        (b"x" * 3_000_000, "line 1 is longer than 1,000,000 characters"),
        (("email\n" + "José\n" * 50).encode("utf-16-le") + b"\x41\xd8", "not utf-16-le"),
        (b'"email\n' + b"a\n" * 20, "line 1 can't be read: the quotes do not match"),
    ],
)
def test_other_files_are_refused_with_their_kind(tmp_path, content, reason):
    with pytest.raises(Invalid, match=reason):
        inspected(tmp_path, content)


def test_too_many_columns_are_refused(tmp_path):
    with pytest.raises(LimitExceeded, match="10,000 columns: at most 500"):
        inspected(tmp_path, b",".join([b"c"] * 10_000) + b"\n1\n")


def test_a_line_that_names_the_delimiter_is_not_a_row(tmp_path):
    inspection = inspected(tmp_path, b"sep=|\r\nname|email\r\nAna|a@x.org\r\n")
    assert (inspection.layout.delimiter, inspection.header, inspection.rows, inspection.starts_at) == (
        "|",
        ["name", "email"],
        1,
        3,
    )


def test_a_single_column_needs_no_delimiter(tmp_path):
    assert inspected(tmp_path, b"email\na@x.org\nb@x.org").rows == 2


def test_the_beginning_of_a_file_is_inspected():
    inspection, rows = inspect_head(b"email\na@x.org\nb@x.org\nc@x", InspectionRequest(), whole=False)
    assert (inspection.header, rows.cells) == (["email"], [["a@x.org"], ["b@x.org"]])


def test_an_inspection_is_stored_and_read_back(tmp_path):
    inspection = inspected(tmp_path, ACCENTS.encode())
    assert Inspection.from_json(inspection.to_json()) == inspection
