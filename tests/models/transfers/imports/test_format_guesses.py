"""How cells are written is guessed, with how sure it is."""

import pytest

from models.contacts.attributes import ContactField
from models.rules.tree import FieldType
from models.transfers.imports.format_guesses import guess_formats

FIELDS = {"colours": ContactField(1, "colours", "Colours", FieldType.MULTI_CHOICE, ("Red", "Green"))}


def guessed(cells: list[str], field: str | None = None, country: str | None = "ES") -> dict:
    found = guess_formats([field], [cells], FIELDS, country)
    return {one.option: one for one in found}


@pytest.mark.parametrize("field", ["phone", None])
def test_days_are_guessed_beside_numbers_that_look_like_days(field):
    """A number as France writes it begins like a day of six digits."""
    numbers, days = ["06 12 34 56 78", "06 22 34 56 78"], ["14/07/1985", "31/12/1990"]
    found = guess_formats([field, "date_of_birth"], [numbers, days], FIELDS, "FR")
    assert [(one.option, one.value) for one in found] == [("dateFormat", "DD/MM/YYYY")]


@pytest.mark.parametrize(
    ("cells", "written", "at_least"),
    [
        (["31/12/1990", "01/02/1990"], "DD/MM/YYYY", 0.8),
        (["12/31/1990", "01/02/1990"], "MM/DD/YYYY", 0.8),
        (["31.12.1990"], "DD.MM.YYYY", 0.8),
        (["1990/12/31", "1990/01/02"], "YYYY/MM/DD", 0.8),
        (["31-12-90"], "DD-MM-YY", 0.8),
        (["31/12/2025 14:30", "1/2/2025 9:05 AM"], "DD/MM/YYYY", 0.8),
        (["31/12/2025, 14h30", "1/2/2025 (Sunday)"], "DD/MM/YYYY", 0.8),
        (["01.02.1990"], "DD.MM.YYYY", 0.8),
        (["1. 2. 1990", "13. 2. 1990"], "DD. MM. YYYY", 0.8),
    ],
)
def test_the_order_of_days_shows_in_the_numbers(cells, written, at_least):
    guess = guessed(cells)["dateFormat"]
    assert guess.value == written
    assert at_least <= guess.confidence < 1


@pytest.mark.parametrize(("country", "written"), [("US", "MM/DD/YYYY"), ("ES", "DD/MM/YYYY"), (None, "DD/MM/YYYY")])
def test_days_that_can_be_read_in_two_ways_are_a_weak_guess(country, written):
    guess = guessed(["01/02/1990", "03/04/1991"], country=country)["dateFormat"]
    assert (guess.value, guess.confidence) == (written, 0.5)
    assert "look into the file" in guess.reason


@pytest.mark.parametrize(
    "cells",
    [
        ["1990-12-31"],
        ["19901231"],
        ["31/12/1990", "12/31/1990"],
        ["31/31/1990"],
        ["600-11-2222"],
        ["31/12/1990", "soon", "later"],
        [],
    ],
)
def test_other_days_are_not_guessed(cells):
    assert "dateFormat" not in guessed(cells)


def test_a_comma_before_one_or_two_digits_is_decimal():
    assert guessed(["12,5", "1.234,50", "7"])["decimalComma"].value is True
    assert (
        guessed(["12,5", "1.234,50", "7"])["decimalComma"].confidence
        < guessed(["12,5"] * 30)["decimalComma"].confidence
    )
    for cells in (["1,234"], ["12.5"], ["1,234.50"], ["7"], ["a,5"], ["12,5", "12.5"], ["600 111 222"]):
        assert "decimalComma" not in guessed(cells), cells


def test_the_separator_of_lists_shows_in_the_cells():
    assert guessed(["a, b", "c"], "tags")["listSeparator"].value == ","
    assert guessed(["a|b", "c|d"], "attributes.colours")["listSeparator"].value == "|"
    assert guessed(["* a ::: b"], "tags")["listSeparator"].value == ":"
    for cells, field in ((["a; b, c", "d; e"], "tags"), (["a"], "tags"), (["a, b"], "name")):
        assert "listSeparator" not in guessed(cells, field)


def test_words_of_consent_are_guessed_in_many_languages():
    guess = guessed(["Ja", "nein", "Ja"], "whatsapp_consent")["consentValues"]
    assert (guess.value, guess.confidence) == ({"ja": "OPTED_IN", "nein": "OPTED_OUT"}, 0.8)
    guess = guessed(["да", "нет", "не знаю"], "whatsapp_consent")["consentValues"]
    assert guess.value == {"да": "OPTED_IN", "нет": "OPTED_OUT"}
    assert guess.confidence < 0.6
    assert "'не знаю'" in guess.reason
    for cells, field in ((["OPTED_IN", "opted out"], "whatsapp_consent"), (["yes"], "name"), ([], "whatsapp_consent")):
        assert "consentValues" not in guessed(cells, field)


def test_the_country_of_numbers_without_one_is_guessed():
    french = ["06 52 00 00 02", "06 52 00 00 03", "+33 6 52 00 00 04"]
    guess = guessed(french, "phone")["country"]
    assert guess.value == "FR"
    assert "country" not in guessed(french, "phone", country="FR")
    assert "country" not in guessed(["+33 6 52 00 00 04", "0033652000005"], "phone")
    assert "country" not in guessed(["12", "13"], "phone")


def test_a_column_of_countries_makes_the_guess_surer():
    phones, countries = ["06 52 00 00 02", "06 52 00 00 03"], ["FR", "fr"]
    alone = guess_formats(["phone"], [phones], {}, "ES")
    beside = guess_formats(["phone", None], [phones, countries], {}, "ES")
    assert [one.value for one in (*alone, *beside)] == ["FR", "FR"]
    assert beside[0].confidence >= 0.9
    assert beside[0].confidence > alone[0].confidence
