"""Reads single cells, as the options of an import say that they are written. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from models import db
from models.contacts.attributes import ContactField, Fields, check_value, from_text
from models.contacts.built_in_fields import check_column, check_of, check_tags
from models.errors import DomainError, Invalid
from models.rules.tree import FieldType
from models.transfers.cells import split_list
from models.transfers.imports.consent_words import check_consent_words, read_consent
from models.transfers.imports.day_formats import DayFormat, in_iso, is_no_day, read_day_format
from models.transfers.imports.mapping import MappedColumn, Options
from models.transfers.imports.numbers import plain_number
from models.values.contact_ids import read_contact_id
from models.values.phones import check_country
from models.values.texts import composed
from permissions.principal import Scope

CellReader = Callable[[str], Any]
"""From a cell that is not blank. Raises DomainError or Problems."""


@dataclass(frozen=True, slots=True)
class CellFormats:
    """How a file writes its values. `days` None: as ISO 8601. `country`: of numbers without one."""

    zone: ZoneInfo
    country: str | None
    list_separator: str
    days: DayFormat | None
    decimal_comma: bool
    consent_words: Mapping[str, str]
    is_workbook: bool


def formats_of(scope: Scope, options: Options, *, is_workbook: bool) -> CellFormats:
    """Of options that were checked."""
    return CellFormats(
        zone=ZoneInfo(scope.timezone),
        country=scope.default_country if options.country is None else check_country(options.country),
        list_separator=options.list_separator,
        days=None if options.date_format is None else read_day_format(options.date_format),
        decimal_comma=options.decimal_comma,
        consent_words=check_consent_words(options.consent_values),
        is_workbook=is_workbook,
    )


def reader_of(column: MappedColumn, fields: Fields, formats: CellFormats) -> CellReader:
    if column.key is not None:
        return _custom_reader(fields[column.key], formats)
    name, country = column.field, formats.country
    match name:
        case "id":
            return read_contact_id
        case "tags":
            return lambda text: tuple(check_tags(split_list(text, formats.list_separator)))
        case "subscribed_at" | "last_interaction_at":
            return lambda text: _read_time(
                text, formats, lambda iso: check_column(name, _with_zone(iso, formats), None)
            )
        case "date_of_birth":
            return lambda text: _read_time(text, formats, lambda iso: check_column(name, _without_midnight(iso), None))
        case "score":
            return lambda text: _read_number(text, formats, lambda plain: check_column(name, plain, None))
        case "whatsapp_consent":
            return lambda text: read_consent(text, formats.consent_words)
        case _:
            return check_of(name, country)


def _custom_reader(custom: ContactField, formats: CellFormats) -> CellReader:
    def read(text: str) -> str | None:
        match custom.type:
            case FieldType.MULTI_CHOICE:
                value = check_value(custom, _choices(text, custom, formats.list_separator))
            case FieldType.DATETIME:
                value = _read_time(text, formats, lambda iso: from_text(custom, _with_zone(iso, formats)))
            case FieldType.DATE:
                value = _read_time(text, formats, lambda iso: from_text(custom, _without_midnight(iso)))
            case FieldType.NUMBER:
                value = _read_number(text, formats, lambda plain: from_text(custom, plain))
            case _:
                value = from_text(custom, text)
        return None if value is None else db.dump_json(value)

    return read


def _choices(text: str, custom: ContactField, separator: str) -> list[str]:
    return [text.strip()] if composed(text.strip()).casefold() in custom.spelling else split_list(text, separator)


# ---------------------------------------------------------------- numbers


def _read_number(text: str, formats: CellFormats, read: CellReader) -> Any:
    plain = plain_number(text, decimal_comma=formats.decimal_comma, is_workbook=formats.is_workbook)
    try:
        return read(plain)
    except Invalid as error:
        if "," not in text or formats.decimal_comma:
            raise
        raise Invalid(f"{error.message}. If commas are decimal here, set decimalComma") from None


# ---------------------------------------------------------------- days and instants


def _read_time(text: str, formats: CellFormats, read: CellReader) -> Any:
    """`read` gets ISO 8601, if `text` is a day or an instant at all."""
    if is_no_day(text.strip()):
        return None
    try:
        return read(in_iso(text, formats.days))
    except DomainError as error:
        if formats.days is None and not _SLASHED.match(text):
            raise
        raise Invalid(f"{error.message}{_hint(formats.days)}") from None


_SLASHED: Final = re.compile(r"\s*[0-9]{1,2}[/.\-][0-9]{1,2}[/.\-][0-9]{2,4}\b")


def _hint(days: DayFormat | None) -> str:
    if days is None:
        return ", or say with dateFormat how days are written here, such as DD/MM/YYYY"
    year = "YY" if days.short_year else "YYYY"
    written = days.separator.join({"D": "DD", "M": "MM", "Y": year}[part] for part in days.order)
    return f", or as {written}"


_LOCAL: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?))?", re.ASCII)
_MIDNIGHT: Final = re.compile(r"[T ]00:00(:00(\.0+)?)?\Z")


def _with_zone(text: str, formats: CellFormats) -> str:
    """A local time gets the zone, and a day its midnight."""
    found = _LOCAL.fullmatch(text)
    if found is None:
        return text
    try:
        local = datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}").replace(tzinfo=formats.zone)
        # In UTC: offsets of long ago have seconds, which RFC 3339 lacks.
        return local.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return text


def _without_midnight(text: str) -> str:
    return _MIDNIGHT.sub("", text)
