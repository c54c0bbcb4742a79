"""Suggests a field for each column of a file."""

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
from models.transfers.imports.mapping import ATTRIBUTES, ID
from models.transfers.imports.start import peek
from models.transfers.imports.values import read_contact_id
from models.transfers.reading.inspection import Inspection, InspectionRequest
from permissions.principal import Scope

SAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`column` is a header or an index."""

    column: str
    samples: list[str]
    field: str | None


async def suggest(
    scope: Scope, upload: Record, request: InspectionRequest, path: Sequence[str]
) -> tuple[Inspection, list[Suggestion]]:
    """Inspects the beginning of an upload. Raises DomainError at `path`."""
    found, rows = await peek(upload, request, path)
    fields = await contact_fields.load(scope)
    return found, suggestions(found.header, found.width, rows.cells, fields, scope.default_country)


def suggestions(
    header: Sequence[str] | None, width: int, rows: Sequence[Sequence[str]], fields: Fields, country: str | None
) -> list[Suggestion]:
    """One per column. No field comes twice; headers decide before cells."""
    names = list(header) if header is not None else [str(index) for index in range(width)]
    cells = [[row[index] for row in rows if index < len(row) and row[index].strip()] for index in range(width)]
    chosen: dict[int, str] = {}
    for index, heading in enumerate(header or ()):
        field = _by_heading(heading, fields)
        if field is not None and field not in chosen.values():
            chosen[index] = field
    for index in range(width):
        if index not in chosen:
            field = _by_cells(cells[index], country)
            if field is not None and field not in chosen.values():
                chosen[index] = field
    return [
        Suggestion(names[index], list(dict.fromkeys(cells[index]))[:SAMPLES], chosen.get(index))
        for index in range(width)
    ]


# ---------------------------------------------------------------- headers

_NAMES: Final[Mapping[str, str]] = {
    "id": "externalid externalkey customerid clientid contactid userid reference ref idexterno idcliente",
    "name": "name fullname contactname customername clientname nombre nombrecompleto nome nom nomcomplet",
    "first_name": "firstname givenname forename vorname prenom primernombre",
    "last_name": "lastname surname familyname nachname familienname apellido apellidos nomdefamille cognome sobrenome",
    "email": "email emailaddress mail correo correoelectronico mailaddress emailadresse adressemail",
    "phone": "phone phonenumber mobile mobilephone mobilenumber cell cellphone tel telephone telefono movil celular whatsapp"
    " whatsappnumber handy telefon telefonnummer telefone portable",
    "timezone": "timezone tz zonahoraria zeitzone fuseauhoraire fusohorario",
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
    """Keeps letters and digits, in lower case, without accents."""
    folded = unicodedata.normalize("NFKD", heading.casefold())
    return re.sub(r"[^a-z0-9]", "", folded)


def _by_heading(heading: str, fields: Fields) -> str | None:
    """Finds a field by exact name, else by custom key or label, else by common names."""
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
    """The field that fits nine in ten cells."""
    if len(cells) == 0:
        return None
    for field, pattern, read in _PATTERNS:
        fitting = [cell for cell in map(unguard, cells) if pattern.fullmatch(cell.strip())]
        if len(fitting) * 10 >= len(cells) * 9 and all(_is_readable(read, cell, country) for cell in fitting[:20]):
            return field
    return None


_PATTERNS: Final[Sequence[tuple[str, re.Pattern[str], Callable[[str, str | None], Any]]]] = (
    ("email", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"), lambda cell, country: check_column("email", cell, country)),
    (
        "phone",
        re.compile(r"(\+|00|\()?[0-9][0-9 ().\-/]{7,20}"),
        lambda cell, country: check_column("phone", cell, country),
    ),
    ("id", re.compile(r"Q29udGFjdD[A-Za-z0-9_\-]+"), lambda cell, _: read_contact_id(cell)),
)


def _is_readable(read: Callable[[str, str | None], Any], cell: str, country: str | None) -> bool:
    try:
        read(cell.strip(), country)
    except (DomainError, Problems):
        return False
    return True
