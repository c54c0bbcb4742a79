"""The delimiter of a file is found out."""

import pytest

from models.errors import Invalid
from models.transfers.reading.layout import check_delimiter, guess_delimiter


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_out(delimiter):
    text = delimiter.join(["name", "email", "notes"]) + "\n" + delimiter.join(["Ana", "a@x.org", '"a, b; c"']) + "\n"
    assert guess_delimiter(text, ()) == (delimiter, 1)


def test_the_delimiter_is_the_one_that_shows_the_wanted_columns():
    text = "name;first, last;email\nAna;García, Ana;a@x.org\n"
    assert guess_delimiter(text, ["email"])[0] == ";"


@pytest.mark.parametrize("delimiter", ["", ";;", '"', "a", "\n", " "])
def test_other_delimiters_are_refused(delimiter):
    with pytest.raises(Invalid, match="a delimiter is one character"):
        check_delimiter(delimiter)
