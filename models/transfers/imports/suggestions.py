"""Suggests a field for each column of a file, and the options with which its cells can be read."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from models.contacts import fields as contact_fields
from models.contacts.attributes import Fields
from models.contacts.built_in_fields import check_column
from models.db import Record
from models.errors import DomainError, Problems
from models.transfers.cells import unguard
from models.transfers.imports import saved_mappings
from models.transfers.imports.format_guesses import Guess, guess_formats
from models.transfers.imports.headings import HeadingMatch, match_heading, part_of_name
from models.transfers.imports.start import peek
from models.transfers.reading.inspection import Inspection, InspectionRequest
from models.values.contact_ids import read_contact_id
from permissions.principal import Scope

SAMPLES: Final = 5


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a column, named by its header or index, may hold. `confidence` is from 0 to 1."""

    column: str
    samples: list[str]
    field: str | None
    confidence: float


@dataclass(frozen=True, slots=True)
class Suggestions:
    columns: list[Suggestion]
    options: list[Guess]
    mapping: Record | None = None
    """A saved one that fits the header."""


async def suggest(
    scope: Scope, upload: Record, request: InspectionRequest, path: Sequence[str]
) -> tuple[Inspection, Suggestions]:
    """Inspects the beginning of an upload. Raises DomainError at `path`."""
    found, rows = await peek(upload, request, path)
    fields = await contact_fields.load(scope)
    made = suggestions(found.header, found.width, rows.cells, fields, scope.default_country)
    return found, replace(made, mapping=await saved_mappings.find_for(scope, found.header))


def suggestions(
    header: Sequence[str] | None, width: int, rows: Sequence[Sequence[str]], fields: Fields, country: str | None
) -> Suggestions:
    """A column for each of the file, with a field that no other has. Headers decide before cells."""
    names = list(header) if header is not None else [str(index) for index in range(width)]
    cells = [[row[index] for row in rows if index < len(row) and row[index].strip()] for index in range(width)]
    chosen = _by_headings(header or (), cells, fields)
    for index in range(width):
        if index not in chosen:
            field = _by_cells(cells[index], country)
            if field is not None and field not in {match.field for match in chosen.values()}:
                chosen[index] = HeadingMatch(field, 0, _BY_CELLS)
    columns = [_suggestion(names[index], cells[index], chosen.get(index)) for index in range(width)]
    return Suggestions(columns, guess_formats([one.field for one in columns], cells, fields, country))


_BY_CELLS: Final = 0.6
"""The confidence without a heading that says it."""


def _suggestion(name: str, cells: Sequence[str], match: HeadingMatch | None) -> Suggestion:
    samples = list(dict.fromkeys(cells))[:SAMPLES]
    if match is None:
        return Suggestion(name, samples, None, 0.0)
    return Suggestion(name, samples, match.field, round(match.confidence, 2))


# ---------------------------------------------------------------- headers


def _by_headings(header: Sequence[str], cells: Sequence[Sequence[str]], fields: Fields) -> dict[int, HeadingMatch]:
    """The best column of each field: one with cells, with the best heading, the first."""
    matches: dict[int, HeadingMatch] = {}
    for index, heading in enumerate(header):
        named = match_heading(heading, fields)
        match = None if named is None else _as_cells_say(named, cells[index])
        if match is not None:
            matches[index] = match
    for index, match in matches.items():
        part = part_of_name(header[index], header) if match.field == "name" else None
        if part is not None and all(other.field != part for other in matches.values()):
            matches[index] = replace(match, field=part)
    best: dict[str, int] = {}
    for index in sorted(matches, key=lambda index: (not cells[index], matches[index].rank, index)):
        best.setdefault(matches[index].field, index)
    return {index: matches[index] for index in best.values()}


_DAY_OF_A_YEAR: Final = re.compile(r"[0-9]{1,2}[/.\- ][0-9]{1,2}\.?")
"""Such as 02/28: Mailchimp and others keep birthdays without a year, which no field can hold."""


def _as_cells_say(match: HeadingMatch, cells: Sequence[str]) -> HeadingMatch | None:
    """A heading is worth less when the cells are something else, and nothing when its field cannot hold them."""
    if match.field == "date_of_birth" and cells and all(_DAY_OF_A_YEAR.fullmatch(cell.strip()) for cell in cells):
        return None
    if match.field not in _PATTERNS or not cells:
        return match
    return replace(match, confidence=match.confidence * len(_alike(match.field, cells)) / len(cells))


# ---------------------------------------------------------------- cells


def _by_cells(cells: Sequence[str], country: str | None) -> str | None:
    """The field that fits nine in ten cells."""
    for field, (_, read) in _PATTERNS.items():
        alike = _alike(field, cells)
        if alike and len(alike) * 10 >= len(cells) * 9 and all(_is_readable(read, one, country) for one in alike[:20]):
            return field
    return None


def _alike(field: str, cells: Sequence[str]) -> list[str]:
    return [cell for cell in map(unguard, cells) if _PATTERNS[field][0].fullmatch(cell.strip())]


_PATTERNS: Final[Mapping[str, tuple[re.Pattern[str], Callable[[str, str | None], Any]]]] = {
    "email": (re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"), lambda cell, country: check_column("email", cell, country)),
    "phone": (
        re.compile(r"(\+|00|\()?[0-9][0-9 ().\-/]{7,20}"),
        lambda cell, country: check_column("phone", cell, country),
    ),
    "id": (re.compile(r"Q29udGFjdD[A-Za-z0-9_\-]+"), lambda cell, _: read_contact_id(cell)),
}


def _is_readable(read: Callable[[str, str | None], Any], cell: str, country: str | None) -> bool:
    try:
        read(cell.strip(), country)
    except (DomainError, Problems):
        return False
    return True
