"""Which field each column of a file is probably meant for: by its header first, else by what its cells look like."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.contacts import fields as contact_fields
from models.contacts.attributes import Fields
from models.contacts.built_in_fields import check_column
from models.db import Record
from models.errors import DomainError, Problems
from models.transfers.cells import unguard
from models.transfers.imports.inspection import Inspection, InspectionRequest
from models.transfers.imports.mapping import ATTRIBUTES, ID
from models.transfers.imports.starting import peek
from models.transfers.imports.values import read_contact_id
from permissions.principal import Scope

SAMPLES: Final = 5
"""Cells shown of each column."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A column of the file, as `ImportColumnInput.column` names it, some of its cells, and the field that suits it, if any."""

    column: str
    samples: list[str]
    field: str | None


async def suggest(
    scope: Scope, upload: Record, wanted: InspectionRequest, path: Sequence[str]
) -> tuple[Inspection, list[Suggestion]]:
    """What the beginning of an upload tells, and a suggestion for each column. Raises DomainError at `path`."""
    seen, rows = await peek(upload, wanted, path)
    return seen, suggestions(
        seen.header, seen.width, rows.cells, await contact_fields.load(scope), scope.default_country
    )


def suggestions(
    header: Sequence[str] | None, width: int, rows: Sequence[Sequence[str]], fields: Fields, country: str | None
) -> list[Suggestion]:
    """A suggestion for each column: no field is suggested twice, and headers have the first word."""
    names = list(header) if header is not None else [str(number) for number in range(width)]
    cells = [[row[place] for row in rows if place < len(row) and row[place].strip()] for place in range(width)]
    chosen: dict[int, str] = {}
    for place, heading in enumerate(header or ()):
        field = _by_heading(heading, fields)
        if field is not None and field not in chosen.values():
            chosen[place] = field
    for place in range(width):
        if place not in chosen:
            field = _by_cells(cells[place], country)
            if field is not None and field not in chosen.values():
                chosen[place] = field
    return [
        Suggestion(names[place], list(dict.fromkeys(cells[place]))[:SAMPLES], chosen.get(place))
        for place in range(width)
    ]


# ---------------------------------------------------------------- headers

_NAMES: Final[Mapping[str, str]] = {
    "id": "externalid externalkey customerid clientid contactid userid reference ref idexterno idcliente",
    "name": "name fullname contactname customername clientname nombre nombrecompleto nome nom nomcomplet vorname",
    "email": "email emailaddress mail correo correoelectronico mailaddress emailadresse adressemail",
    "phone": "phone phonenumber mobile mobilephone mobilenumber cell cellphone tel telephone telefono movil celular whatsapp"
    " whatsappnumber handy telefon telefonnummer telefone portable",
    "date_of_birth": "dateofbirth birthdate birthday dob born fechadenacimiento nacimiento cumpleanos geburtsdatum"
    " datedenaissance",
    "subscribed_at": "subscribedat subscribed signupdate signedupat optindate subscriptiondate fechadealta",
    "last_interaction_at": "lastinteractionat lastinteraction lastcontact lastcontacted lastseen lastactivity",
    "score": "score leadscore points puntos puntuacion",
    "whatsapp_consent": "whatsappconsent whatsappoptin consent consentimiento optin optinstatus",
    "tags": "tags tag labels label etiquetas etiqueta groups",
}

_BY_NAME: Final[Mapping[str, str]] = {
    word: ("external_id" if field == "id" else field) for field, words in _NAMES.items() for word in words.split()
}


def _plain(heading: str) -> str:
    """A heading as far as letters and digits go, without accents."""
    folded = unicodedata.normalize("NFKD", heading.casefold())
    return re.sub(r"[^a-z0-9]", "", folded)


def _by_heading(heading: str, fields: Fields) -> str | None:
    """The field that a heading names: exactly, then a custom field by key or label, then by what people call it."""
    exact = heading.strip()
    if exact == ID or exact in _BY_NAME.values():
        return exact
    key = exact.removeprefix(ATTRIBUTES)
    if key in fields and (exact.startswith(ATTRIBUTES) or _plain(exact) not in _BY_NAME):
        return f"{ATTRIBUTES}{key}"
    plain = _plain(heading)
    for field in fields.values():
        if plain and plain in (_plain(field.key), _plain(field.label)):
            return f"{ATTRIBUTES}{field.key}"
    return _BY_NAME.get(plain)


# ---------------------------------------------------------------- cells


def _by_cells(cells: Sequence[str], country: str | None) -> str | None:
    """The field that nearly all of these cells would be good for, of those that can be told by their look."""
    if len(cells) == 0:
        return None
    for field, looks, read in _LOOKS:
        fitting = [cell for cell in map(unguard, cells) if looks.fullmatch(cell.strip())]
        if len(fitting) * 10 >= len(cells) * 9 and all(_reads(read, cell, country) for cell in fitting[:20]):
            return field
    return None


_LOOKS: Final[Sequence[tuple[str, re.Pattern[str], Callable[[str, str | None], Any]]]] = (
    ("email", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"), lambda cell, country: check_column("email", cell, country)),
    (
        "phone",
        re.compile(r"(\+|00|\()?[0-9][0-9 ().\-/]{7,20}"),
        lambda cell, country: check_column("phone", cell, country),
    ),
    ("id", re.compile(r"Q29udGFjdD[A-Za-z0-9_\-]+"), lambda cell, _: read_contact_id(cell)),
)


def _reads(read: Callable[[str, str | None], Any], cell: str, country: str | None) -> bool:
    try:
        read(cell.strip(), country)
    except (DomainError, Problems):
        return False
    return True
