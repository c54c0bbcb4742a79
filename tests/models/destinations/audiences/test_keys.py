"""Rows of people, by published and computed vectors."""

from datetime import date
from hashlib import sha256

import pytest

from models.destinations.audiences import keys
from models.destinations.audiences.keys import AudienceKey, Rows
from models.values.global_ids import to_global_id

CONTACT = {
    "email": "mary@example.com",
    "phone": "+15559876543",
    "first_name": "Mary",
    "last_name": "Smith",
    "date_of_birth": date(1985, 7, 9),
}

NOBODY = dict.fromkeys(CONTACT)


@pytest.mark.parametrize(
    ("normalise", "given", "normalised", "hashed"),
    [
        (keys.email, " Mary@Example.com ", "mary@example.com", "f1904cf1a9d73a55"),
        (keys.email, "JOHN.Doe+tag@GMail.com", "john.doe+tag@gmail.com", "fa977c0b3d18f155"),
        (keys.phone, "1 (555) 987-6543", "15559876543", "1ef970831d796330"),
        (keys.phone, "+972 50-123-4567", "972501234567", "1b28f71583657cd1"),
        (keys.phone, "+55 (11) 98765-4321", "5511987654321", "029c7290f14c4516"),
        (keys.phone, "00447911123456", "447911123456", "40b5c38342a9c584"),
        (keys.name, "Mary", "mary", "6915771be1c5aa0c"),
        (keys.name, "Jose\u0301", "josé", "d994e1d001886fe5"),
        (keys.name, "ירדן", "ירדן", "8c4fc2fc20673de1"),
        (keys.name, "Anne-Marie", "annemarie", "67495eb5715de43c"),
        (keys.name, "O'Neil Jr.", "oneiljr", "0917df4f4f4f8100"),
        (keys.name, "García-López", "garcíalópez", "ad1e862a35683ea9"),
        (keys.country_of_phone, "+972501234567", "il", "a0fb903525dc10dc"),
        (keys.country_of_phone, "+12125550123", "us", "79adb2a2fce5c6ba"),
    ],
)
def test_values_are_normalised_and_hashed_as_meta_asks(normalise, given, normalised, hashed):
    assert normalise(given) == normalised
    assert sha256(normalised.encode()).hexdigest()[:16] == hashed


def test_a_row_has_the_hashes_in_the_order_of_the_schema_and_the_id_of_the_api():
    rows = Rows([AudienceKey.EXTERN_ID, AudienceKey.DATE_OF_BIRTH, AudienceKey.LAST_NAME, AudienceKey.EMAIL])
    assert rows.schema == ["EMAIL", "LN", "DOBY", "DOBM", "DOBD", "EXTERN_ID"]
    row = rows.row_of(CONTACT)
    assert row is not None
    assert rows.cells(9001, row) == [
        "f1904cf1a9d73a55fa5de0ac823c4403ded71afd4c3248d00bdcd0866552bb79",
        "6627835f988e2c5e50533d491163072d3f4f41f5c8b04630150debb3722ca2dd",
        "78e370b587b145920213731b7c7c725e512b3b6577c51c800218a7c764c532ae",
        "19b100ab7725c612f3d80ff203ca53cea5cadaafae3bf0f88f0fb4089fe08815",
        "3514acf61732f662da19625f7fe781c3e483f2dce8506012f3bb393f5003e105",
        to_global_id("Contact", 9001),
    ]


def test_a_missing_value_is_an_empty_text_and_never_the_hash_of_nothing():
    rows = Rows([AudienceKey.EMAIL, AudienceKey.PHONE, AudienceKey.FIRST_NAME, AudienceKey.COUNTRY])
    row = rows.row_of({**NOBODY, "email": "mary@example.com", "first_name": "-'-"})
    assert row is not None
    assert rows.cells(1, row) == [sha256(b"mary@example.com").hexdigest(), "", "", ""]


def test_a_contact_without_any_key_has_no_row_unless_its_id_is_one():
    assert Rows([AudienceKey.EMAIL, AudienceKey.DATE_OF_BIRTH]).row_of(NOBODY) is None
    with_id = Rows([AudienceKey.EMAIL, AudienceKey.EXTERN_ID])
    row = with_id.row_of(NOBODY)
    assert row is not None
    assert with_id.cells(7, row) == ["", to_global_id("Contact", 7)]


@pytest.mark.parametrize("phone", ["+80012345678", "+8", "+15559876543"])
def test_a_number_of_no_country_has_none(phone):
    assert keys.country_of_phone(phone) == ""
