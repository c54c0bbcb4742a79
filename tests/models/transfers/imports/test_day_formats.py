"""Days and instants as files write them become ISO 8601."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import Invalid
from models.transfers.imports.day_formats import in_iso, is_no_day, read_day_format


@pytest.mark.parametrize(
    ("written", "text", "iso"),
    [
        ("DD/MM/YYYY", "31/12/1990", "1990-12-31"),
        ("dd/mm/yyyy", "1/2/1990", "1990-02-01"),
        ("DD/MM/YYYY", "01.02.1990", "1990-02-01"),
        ("MM/DD/YYYY", "12/31/1990", "1990-12-31"),
        ("M/D/YY", "2/1/90", "1990-02-01"),
        ("M/D/YY", "2/1/29", "2029-02-01"),
        ("M/D/YY", "2/1/1931", "1931-02-01"),
        ("DD.MM.YYYY", "31.12.1990", "1990-12-31"),
        ("DD. MM. YYYY", "1. 2. 1990", "1990-02-01"),
        ("YYYY. MM. DD.", "1990. 02. 01.", "1990-02-01"),
        ("YYYY/MM/DD", "1990/12/31", "1990-12-31"),
        ("YYYY-DD-MM", "1990-01-02", "1990-02-01"),
        ("DDMMYYYY", "31121990", "1990-12-31"),
        ("DD/MM/YYYY", "1990-02-01", "1990-02-01"),
        ("DD/MM/YYYY", "19900201", "1990-02-01"),
        ("YYYY/DD/MM", "1990-02-01 10:00 UTC", "1990-02-01T10:00:00Z"),
        (None, "19850714", "1985-07-14"),
        (None, "1985-07-14", "1985-07-14"),
        (None, "2026-01-02 03:04:05 UTC", "2026-01-02T03:04:05Z"),
        (None, "2026-01-02 03:04:05 +0200", "2026-01-02T03:04:05+02:00"),
        (None, "2026-01-02 03:04:05 +02", "2026-01-02T03:04:05+02:00"),
        (None, "2026-01-02T03:04:05.123456-03:30", "2026-01-02T03:04:05.123456-03:30"),
        (None, "2026-01-02 3:04", "2026-01-02T03:04:00"),
        ("MM/DD/YYYY", "12/31/2025 2:30 PM", "2025-12-31T14:30:00"),
        ("MM/DD/YYYY", "12/31/2025 12:00:00 a.m.", "2025-12-31T00:00:00"),
        ("DD/MM/YYYY", "31/12/2025, 14:30:15,5 GMT", "2025-12-31T14:30:15.5Z"),
    ],
)
def test_days_and_instants_are_read(written, text, iso):
    assert in_iso(text, None if written is None else read_day_format(written)) == iso


@pytest.mark.parametrize(
    ("written", "text"),
    [
        (None, "31/12/1990"),
        ("DD/MM/YYYY", "31/12/90"),
        ("DD/MM/YYYY", "1990/12/31"),
        ("DD/MM/YYYY", "soon"),
        ("DDMMYYYY", "31/12/1990"),
        ("MM/DD/YYYY", "12/31/2025 14:30 PM"),
        (None, "1985071"),
        (None, "31048"),
    ],
)
def test_what_is_not_written_so_stays_as_it_is(written, text):
    assert in_iso(text, None if written is None else read_day_format(written)) == text


@pytest.mark.parametrize(
    "text", ["", "DD/MM", "DD/MM/YYYY/DD", "DD/DD/YYYY", "DMYYYY", "%d/%m/%Y", "DD/MM-YYYY", "MMM D YYYY", "x" * 101]
)
def test_a_format_that_is_none_is_refused(text):
    with pytest.raises(Invalid):
        read_day_format(text)


@pytest.mark.parametrize("text", ["0000-00-00", "0/0/00", "00.00.0000", "0000-00-00 00:00:00"])
def test_zeros_are_no_day(text):
    assert is_no_day(text)


def test_other_days_are_some():
    assert not any(map(is_no_day, ("2000-01-01", "0", "00:00", "0/0/01")))


@given(st.dates(), st.permutations("DMY"), st.sampled_from(["/", ".", "-", " ", ". ", ""]))
def test_any_day_is_read_as_it_was_written(day: date, order: list[str], separator: str):
    parts = {"D": f"{day.day:02}", "M": f"{day.month:02}", "Y": f"{day.year:04}"}
    names = {"D": "DD", "M": "MM", "Y": "YYYY"}
    days = read_day_format(separator.join(names[part] for part in order))
    assert in_iso(separator.join(parts[part] for part in order), days) == day.isoformat()
