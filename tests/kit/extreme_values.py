"""Extreme values of each field of a contact."""

import sys
from dataclasses import dataclass
from typing import Any, Final
from unicodedata import normalize

from models.rules.tree import FieldType

BLANKS: Final = "\t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2007\u200a\u2028\u2029\u202f\u205f\u3000"
"""White space to Python."""

INVISIBLE: Final = "\u200b\u200d\ufeff\u00ad\u202e\u2060"
"""No white space: stored at the ends of a text too."""

TEXTS: Final = (
    *(f"a{blank}b" for blank in BLANKS),
    *(f"{mark}a{mark}" for mark in INVISIBLE),
    "\x01",
    "\x7f",
    "\uffff",
    "\U0010ffff",
    "e\u0301",
    "é",
    "İıßẞςΣǅﬀ",
    "👩‍👩‍👧‍👦",
    "עברית العربية",
    "null",
    "NULL",
    "true",
    "0",
    "-1",
    "=1+1",
    "'=1",
    "''",
    '"',
    '""',
    ";",
    "\\",
    "\\;",
    ",",
    "a;b",
    "%_\\%",
    "{}",
    "infinity",
    "1e5",
)

ONE_TAG: Final = ("NULL", "e\u0301")
"""The same tags as null and é."""

DAYS: Final = (
    "0001-01-01",
    "0001-01-02",
    "0004-02-29",
    "1582-10-10",
    "1970-01-01",
    "2000-02-29",
    "9999-12-30",
    "9999-12-31",
)

INSTANTS: Final = (
    "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00.000001Z",
    "1883-11-18T12:03:58Z",
    "1969-12-31T23:59:59.999999Z",
    "1970-01-01T00:00:00Z",
    "2016-12-31T23:59:59.000001Z",
    "2038-01-19T03:14:08Z",
    "9999-12-31T23:59:59.999998Z",
    "9999-12-31T23:59:59.999999Z",
)

NUMBERS: Final = (
    0,
    -0.0,
    1,
    -1,
    2**53,
    2**53 + 1,
    -(2**53) - 1,
    2**63 - 1,
    -(2**63),
    float(2**63),
    1e22,
    1e23,
    1e100,
    -1e100,
    sys.float_info.max,
    -sys.float_info.max,
    sys.float_info.min,
    5e-324,
    -5e-324,
    0.1,
    1 / 3,
    0.1 + 0.2,
    1.0,
    123456789.123456789,
    1 - 2**-53,
)

CHOICES: Final = ("Red", "a;b", "\\", "x\xa0y", "İstanbul", "=1", "c" * 200)


@dataclass(frozen=True, slots=True)
class Extreme:
    """A value as a caller writes it, as the API shows it, and as a rule names it (None: no rule can)."""

    field: str
    written: Any
    shown: Any
    named: Any

    @property
    def key(self) -> str | None:
        """The key of a custom field."""
        return self.field.removeprefix("attributes.") if self.field.startswith("attributes.") else None


def _same(field: str, *values: Any) -> list[Extreme]:
    return [Extreme(field, value, value, value) for value in values]


def _texts(field: str, *values: str) -> list[Extreme]:
    """Shown as they are stored: composed, without spaces around them."""
    bare = [(value, value.strip()) for value in values]
    return [Extreme(field, value, normalize("NFC", text), text if len(text) <= 1_000 else None) for value, text in bare]


def _numbers(field: str) -> list[Extreme]:
    return [Extreme(field, value, value, value if abs(value) <= 1e100 else None) for value in NUMBERS]


def _full(instant: str) -> str:
    """An instant as a custom field shows it."""
    return instant if "." in instant else f"{instant[:-1]}.000000Z"


EXTREMES: Final[tuple[Extreme, ...]] = (
    *_texts("external_id", *(text for text in TEXTS if text != "e\u0301"), "x" * 200, "😀" * 200),
    *_texts("name", *TEXTS, "x" * 500, "😀" * 500),
    *_texts("first_name", *TEXTS, "x" * 240, "😀" * 240),
    *_texts("last_name", *TEXTS, "x" * 240, "😀" * 240),
    *_same("timezone", "UTC", "Europe/Madrid", "America/Argentina/ComodRivadavia", "Etc/GMT-14"),
    *_same("email", "a@b.co", f"{'l' * 64}@{'d' * 63}.{'d' * 63}.{'d' * 57}.es", "ü@bücher.example.com"),
    *_same("phone", "+34600111222", "+4915123456789", "+6421123456"),
    *_same("date_of_birth", *DAYS),
    *_same("subscribed_at", *INSTANTS),
    *_same("last_interaction_at", *INSTANTS),
    *_same("score", 0, 1, -1, 2**31 - 1, -(2**31)),
    *_same("whatsapp_consent", "UNKNOWN", "OPTED_IN", "OPTED_OUT"),
    *(Extreme("tags", tags, tags, tags) for tags in ([], ["t" * 100], ["😀" * 100], list(map(str, range(200))))),
    *(Extreme("tags", [text], [normalize("NFC", text)], [text]) for text in TEXTS if text not in ONE_TAG),
    *_texts("attributes.text", *TEXTS, *(f" {text} " for text in TEXTS), "x" * 4_000, "😀" * 4_000),
    *_numbers("attributes.number"),
    *_same("attributes.boolean", True, False),
    *_same("attributes.date", *DAYS),
    *(Extreme("attributes.datetime", at, _full(at), at) for at in INSTANTS),
    *_same("attributes.choice", *CHOICES),
    *_same("attributes.multi_choice", *([choice] for choice in CHOICES), list(CHOICES)),
    # No value.
    *(Extreme("attributes.text", blank, None, None) for blank in ("", " ", *BLANKS, " \t\xa0\n")),
    Extreme("attributes.multi_choice", [], None, None),
    *(Extreme(f"attributes.{kind.value.lower()}", None, None, None) for kind in FieldType),
    *(
        Extreme(column, blank, None, None)
        for column in ("external_id", "name", "first_name", "last_name", "email", "timezone")
        for blank in ("", " \xa0\u3000")
    ),
)
