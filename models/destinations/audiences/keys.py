"""How a person is recognised by Meta: values of a contact, normalised and hashed as Meta's guide for customer files asks.

A row is the hashes of one person in the order of the columns, 32 bytes each; 32 zero bytes where the contact has no value.
EXTERN_ID is the contact's id as the API shows it. It is sent as it is, and so is not in the row.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final

from phonenumbers import region_code_for_number
from phonenumbers.phonenumberutil import NumberParseException, parse

from models.values.global_ids import to_global_id


class AudienceKey(StrEnum):
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    FIRST_NAME = "FIRST_NAME"
    LAST_NAME = "LAST_NAME"
    DATE_OF_BIRTH = "DATE_OF_BIRTH"
    COUNTRY = "COUNTRY"
    EXTERN_ID = "EXTERN_ID"


COLUMNS: Final[Mapping[AudienceKey, Sequence[str]]] = {
    AudienceKey.EMAIL: ("EMAIL",),
    AudienceKey.PHONE: ("PHONE",),
    AudienceKey.FIRST_NAME: ("FN",),
    AudienceKey.LAST_NAME: ("LN",),
    AudienceKey.DATE_OF_BIRTH: ("DOBY", "DOBM", "DOBD"),
    AudienceKey.COUNTRY: ("COUNTRY",),
    AudienceKey.EXTERN_ID: ("EXTERN_ID",),
}
"""The columns of Meta's `schema`."""

FIELDS: Final = frozenset({"email", "phone", "first_name", "last_name", "date_of_birth"})
"""The fields of a contact that keys are made of."""

_HASH_BYTES: Final = 32
_MISSING: Final = bytes(_HASH_BYTES)
_MISSING_TEXT: Final = _MISSING.hex()


def email(value: str) -> str:
    """Dots and tags stay: Meta does not ask to drop them."""
    return value.strip().lower()


def phone(value: str) -> str:
    """Digits with the country code, without leading zeros."""
    digits = value.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):  # seldom: contacts have numbers in E.164
        digits = re.sub("[^0-9]", "", value)
    return digits.lstrip("0")


def name(value: str) -> str:
    """Letters and digits of any script in lower case, composed (NFC)."""
    composed = unicodedata.normalize("NFC", value).lower()
    return "".join(letter for letter in composed if letter.isalnum() or unicodedata.category(letter)[0] == "M")


def country_of_phone(value: str) -> str:
    """The country of an E.164 number in two lower-case letters; empty for numbers of no country."""
    try:
        region = region_code_for_number(parse(value))
    except NumberParseException:
        return ""
    return "" if region is None or region == "001" else region.lower()


def _birthday(value: date) -> Sequence[str]:
    return f"{value.year:04}", f"{value.month:02}", f"{value.day:02}"


_READ: Final[Mapping[AudienceKey, tuple[str, Callable[[Any], Sequence[str]]]]] = {
    AudienceKey.EMAIL: ("email", lambda value: (email(value),)),
    AudienceKey.PHONE: ("phone", lambda value: (phone(value),)),
    AudienceKey.FIRST_NAME: ("first_name", lambda value: (name(value),)),
    AudienceKey.LAST_NAME: ("last_name", lambda value: (name(value),)),
    AudienceKey.DATE_OF_BIRTH: ("date_of_birth", _birthday),
    AudienceKey.COUNTRY: ("phone", lambda value: (country_of_phone(value),)),
}
"""By key: the field of a contact, and what is hashed of its value."""


def in_order(keys: Collection[AudienceKey]) -> list[AudienceKey]:
    """The keys in the order of a row."""
    return [key for key in AudienceKey if key in keys]


def schema_of(keys: Collection[AudienceKey]) -> list[str]:
    """The columns of these keys, as Meta calls them."""
    return [column for key in in_order(keys) for column in COLUMNS[key]]


class Rows:
    """Makes and reads the rows of an audience with these keys."""

    def __init__(self, keys: Collection[AudienceKey]) -> None:
        self.schema = schema_of(keys)
        self.has_id = AudienceKey.EXTERN_ID in keys
        self._unique = sum(key in keys for key in (AudienceKey.EMAIL, AudienceKey.PHONE)) * _HASH_BYTES
        self._read = [(*_READ[key], len(COLUMNS[key])) for key in in_order(keys) if key is not AudienceKey.EXTERN_ID]

    def row_of(self, contact: Mapping[str, Any]) -> bytes | None:
        """The row of a contact (its FIELDS); None when it has none of the keys."""
        hashed = b"".join([_hashes(read, contact[field], columns) for field, read, columns in self._read])
        return hashed if self.has_id or hashed.strip(b"\0") else None

    def cells(self, contact_id: int, row: bytes) -> list[str]:
        """The row as Meta takes it: hashes in hexadecimal, and empty texts where there is no value."""
        text, size = row.hex(), 2 * _HASH_BYTES
        cells = ["" if (part := text[at : at + size]) == _MISSING_TEXT else part for at in range(0, len(text), size)]
        return [*cells, to_global_id("Contact", contact_id)] if self.has_id else cells

    def may_be_shared(self, row: bytes) -> bool:
        """Whether another contact can have the same row: it has no id, no e-mail address and no phone number."""
        return not self.has_id and not row[: self._unique].strip(b"\0")


def _hashes(read: Callable[[Any], Sequence[str]], value: Any, columns: int) -> bytes:
    if value is None:
        return _MISSING * columns
    return b"".join([sha256(text.encode()).digest() if text else _MISSING for text in read(value)])
