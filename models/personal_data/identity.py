"""What one person is found by, in texts of any kind."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import phonenumbers

from models.db import Record
from models.values.phones import phone_key, spellings_of

LEAST_DIGITS: Final = 6
"""A shorter national number is looked for with its calling code."""

ERASED: Final = "erased"
"""Stands in the place of a text that named the person."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Numbers in E.164 as they were written, e-mail addresses in lower case, opaque ids at WhatsApp, names in lower case.

    Others may have the same names: they count only in what names the person by something else.
    `shared`: another contact has the number too, so that the number alone is no sign of this person.
    """

    contact_id: int
    phones: frozenset[str] = field(default_factory=frozenset)
    emails: frozenset[str] = field(default_factory=frozenset)
    external_ids: frozenset[str] = field(default_factory=frozenset)
    user_ids: frozenset[str] = field(default_factory=frozenset)
    names: frozenset[str] = field(default_factory=frozenset)
    shared: bool = False

    @property
    def keys(self) -> list[str]:
        """The phone keys; none when the number is another contact's too."""
        return [] if self.shared else sorted({phone_key(phone) for phone in self.phones})

    @property
    def numbers(self) -> list[str]:
        """Every spelling of the numbers, in E.164; none when the number is another contact's too."""
        return sorted({spelled for key in self.keys for spelled in spellings_of(key)} | set(self._unshared))

    @property
    def _unshared(self) -> Iterable[str]:
        return () if self.shared else self.phones

    @property
    def digits(self) -> list[str]:
        """The numbers as they stand in files and webhooks: digits that all ways to write them have in common."""
        return sorted({_national(number) for number in self.numbers})

    @property
    def words(self) -> list[str]:
        """Texts in lower case that name nobody else wherever they stand."""
        return sorted(self.emails | {one.lower() for one in self.user_ids})

    def mentioned_in(self, text: str) -> bool:
        """Whether a text, such as a cell of a file, names the person."""
        lowered = text.lower()
        if any(word in lowered for word in self.words) or text.strip() in self.external_ids:
            return True
        found = "".join(one for one in text if "0" <= one <= "9")
        return any(number in found for number in self.digits)

    def joined(self, **more: Iterable[str]) -> "Identity":
        """Also by these: `phones`, `emails`, `external_ids`, `user_ids` or `names`."""
        known = {name: getattr(self, name) for name in _SETS}
        both = {name: known[name] | frozenset(more.get(name, ())) for name in _SETS}
        return Identity(self.contact_id, **both, shared=self.shared)

    def to_json(self) -> dict[str, Any]:
        return {name: sorted(getattr(self, name)) for name in _SETS} | {"shared": self.shared}


_SETS: Final = ("phones", "emails", "external_ids", "user_ids", "names")


def from_json(contact_id: int, stored: Mapping[str, Any]) -> Identity:
    return Identity(contact_id, **{name: frozenset(stored[name]) for name in _SETS}, shared=stored["shared"])


def of_contact(row: Record, shared: bool) -> Identity:
    """The identity that a row of `contacts` tells."""

    def present(name: str) -> frozenset[str]:
        return frozenset({row[name]} - {None})

    return Identity(
        row["id"],
        phones=present("phone"),
        emails=frozenset(email.lower() for email in present("email")),
        external_ids=present("external_id"),
        names=frozenset(name.lower() for column in ("name", "first_name", "last_name") for name in present(column)),
        shared=shared,
    )


def _national(number: str) -> str:
    """Without the calling code, which files often leave out."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number.lstrip("+")
    national = str(parsed.national_number)
    return national if len(national) >= LEAST_DIGITS else number.lstrip("+")


def without_person(value: Any, identity: Identity) -> Any:
    """The same JSON value, with each text that names the person replaced. For values that are known to be about the person."""
    if isinstance(value, str):
        return ERASED if identity.mentioned_in(value) or value.strip().lower() in identity.names else value
    if isinstance(value, list):
        return [without_person(one, identity) for one in value]
    if isinstance(value, dict):
        return {name: without_person(one, identity) for name, one in value.items()}
    return value


MENTIONS: Final = """
    (EXISTS (SELECT 1 FROM unnest($2::text[]) AS word WHERE position(word IN lower({text})) > 0)
     OR EXISTS (SELECT 1 FROM unnest($3::text[]) AS number
                WHERE position(number IN regexp_replace({text}, '[^0-9{kept}]', '', 'g')) > 0))
"""
"""SQL for `mentioned_in`, without external ids: $2 are the words, $3 the digits, `kept` divides parts of a text."""
