"""Turns cells into stored values. Blocking: call it in a thread."""

import re
from base64 import urlsafe_b64decode
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from models import db
from models.contacts.attributes import ContactField, Fields, check_value, from_text
from models.contacts.built_in_fields import check_column, check_tags
from models.errors import DomainError, NotFound, Problems
from models.rules.tree import FieldType
from models.transfers.cells import plain_cell, split_list
from models.transfers.imports.mapping import ID, KEYS, MappedColumn, Options, Policy
from models.transfers.reading.reader import ParsedRows
from models.values.phones import phone_key
from models.values.texts import composed
from permissions.principal import Scope

CellReader = Callable[[str], Any]
"""From a cell that is not blank. Raises DomainError or Problems."""

SKIPPED: Final = "SKIPPED"
REJECTED: Final = "REJECTED"


class RefusedRow(NamedTuple):
    """A skipped or rejected row; `column` names one heading, or several."""

    line: int
    outcome: str
    column: str | None
    reason: str
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """The columns and their readers; `width` is the number of cells per row."""

    columns: Sequence[MappedColumn]
    readers: Sequence[CellReader]
    width: int
    options: Options

    def heading(self, name: str) -> str | None:
        return next((column.heading for column in self.columns if column.field == name), None)


@dataclass(slots=True)
class RowChunk:
    """`values[field][i]` belongs to `lines[i]`. None is empty; custom fields are JSON text."""

    lines: list[int]
    cells: list[list[str]]
    values: dict[str, list[Any]]
    refusals: list[RefusedRow] = field(default_factory=list)

    def refuse(self, index: int, outcome: str, column: str | None, reason: str) -> None:
        """The row stays in the columns; callers skip it."""
        self.refusals.append(RefusedRow(self.lines[index], outcome, column, reason, self.cells[index]))


def make_plan(scope: Scope, options: Options, columns: Sequence[MappedColumn], width: int, fields: Fields) -> ReadPlan:
    readers = [_reader(column, fields, scope, options.list_separator) for column in columns]
    return ReadPlan(columns, readers, width, options)


def read_chunk(rows: ParsedRows, plan: ReadPlan) -> RowChunk:
    """A row with errors is refused with all of them."""
    refusals = [RefusedRow(line, REJECTED, None, reason, cells) for line, cells, reason in rows.broken]
    lines, cells = _of_width(rows, plan.width, refusals)
    values: dict[str, list[Any]] = {}
    errors: dict[int, list[tuple[str, str]]] = {}
    for column, read in zip(plan.columns, plan.readers, strict=True):
        texts = [row[column.index] for row in cells]
        values[column.field] = _read_column(texts, read, column, errors)
    chunk = RowChunk(lines, cells, values, refusals)
    return _refuse_rows(chunk, errors) if errors else chunk


def _of_width(rows: ParsedRows, width: int, refusals: list[RefusedRow]) -> tuple[list[int], list[list[str]]]:
    """Rows whose last cells are missing get empty ones, and empty cells after `width` are passed over; longer rows are
    refused."""
    if all(len(cells) == width for cells in rows.cells):
        return rows.lines, rows.cells
    lines, kept = [], []
    for line, cells in zip(rows.lines, rows.cells, strict=True):
        if len(cells) <= width or not any(map(str.strip, cells[width:])):
            lines.append(line)
            kept.append(cells + [""] * (width - len(cells)))
        else:
            reason = f"the row has {len(cells)} cells where the first row of the file has {width}"
            refusals.append(RefusedRow(line, REJECTED, None, reason, cells))
    return lines, kept


def _read_column(
    texts: Sequence[str], read: CellReader, column: MappedColumn, errors: dict[int, list[tuple[str, str]]]
) -> list[Any]:
    known: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    is_key = column.field in KEYS
    for text in set(texts):
        try:
            cell = plain_cell(text, is_key=is_key)
            known[text] = read(cell) if cell else None
        except (DomainError, Problems) as error:
            known[text], wrong[text] = None, _message(error)
    if wrong:
        for index, text in enumerate(texts):
            if text in wrong:
                errors.setdefault(index, []).append((column.heading, wrong[text]))
    return list(map(known.__getitem__, texts))


def _message(error: DomainError | Problems) -> str:
    return error.message if isinstance(error, DomainError) else "; ".join(one.message for one in error.errors)


def _refuse_rows(chunk: RowChunk, errors: Mapping[int, Sequence[tuple[str, str]]]) -> RowChunk:
    for index, pairs in errors.items():
        headings, reasons = zip(*pairs, strict=True)
        chunk.refuse(index, REJECTED, "; ".join(headings), "; ".join(reasons))
    kept = [index for index in range(len(chunk.lines)) if index not in errors]
    return RowChunk(
        lines=_pick(chunk.lines, kept),
        cells=_pick(chunk.cells, kept),
        values={name: _pick(column, kept) for name, column in chunk.values.items()},
        refusals=chunk.refusals,
    )


def _pick(items: Sequence[Any], indexes: Iterable[int]) -> list[Any]:
    return list(map(items.__getitem__, indexes))


# ---------------------------------------------------------------- JSON of custom fields


def attributes_of(
    chunk: RowChunk, columns: Collection[MappedColumn], indexes: Sequence[int], *, clearing: bool
) -> list[str]:
    """JSON objects, by row index. With `clearing`, an empty cell under REPLACE is null."""
    parts = []
    for column in columns:
        name = db.dump_json(column.key)
        empty = f"{name}:null" if clearing and column.policy is Policy.REPLACE else ""
        texts = chunk.values[column.field]
        known = {text: f"{name}:{text}" for text in set(texts) if text is not None}
        known[None] = empty
        parts.append([known[texts[index]] for index in indexes])
    if len(parts) == 1:
        return [f"{{{part}}}" for part in parts[0]]
    if not parts:
        return ["{}"] * len(indexes)
    return ["{" + ",".join(filter(None, row)) + "}" for row in zip(*parts, strict=True)]


# ---------------------------------------------------------------- readers of cells


def _reader(column: MappedColumn, fields: Fields, scope: Scope, separator: str) -> CellReader:
    if column.key is not None:
        return _custom_reader(fields[column.key], scope, separator)
    name, country = column.field, scope.default_country
    match name:
        case "id":
            return read_contact_id
        case "tags":
            return lambda text: tuple(check_tags(split_list(text, separator)))
        case "subscribed_at" | "last_interaction_at":
            zone = ZoneInfo(scope.timezone)
            return lambda text: check_column(name, _with_zone(text, zone), country)
        case "date_of_birth":
            return lambda text: check_column(name, _without_midnight(text), country)
        case _:
            return lambda text: check_column(name, text, country)


def _custom_reader(custom: ContactField, scope: Scope, separator: str) -> CellReader:
    zone = ZoneInfo(scope.timezone)

    def read(text: str) -> str | None:
        match custom.type:
            case FieldType.MULTI_CHOICE:
                value = check_value(custom, _choices(text, custom, separator))
            case FieldType.DATETIME:
                value = from_text(custom, _with_zone(text, zone))
            case FieldType.DATE:
                value = from_text(custom, _without_midnight(text))
            case _:
                value = from_text(custom, text)
        return None if value is None else db.dump_json(value)

    return read


def _choices(text: str, custom: ContactField, separator: str) -> list[str]:
    return [text.strip()] if composed(text.strip()).casefold() in custom.spelling else split_list(text, separator)


_LOCAL: Final = re.compile(r"\s*(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?))?\s*", re.ASCII)
_MIDNIGHT: Final = re.compile(r"[T ]00:00(:00(\.0+)?)?\s*$")


def _with_zone(text: str, zone: ZoneInfo) -> str:
    """A local time gets the zone, and a day its midnight."""
    found = _LOCAL.fullmatch(text)
    if found is None:
        return text
    try:
        local = datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}").replace(tzinfo=zone)
        # In UTC: offsets of long ago have seconds, which RFC 3339 lacks.
        return local.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return text


def _without_midnight(text: str) -> str:
    return _MIDNIGHT.sub("", text)


def read_contact_id(text: str) -> int:
    """Returns the database id. Raises NotFound when it is not a contact's global id."""
    try:
        kind, _, digits = urlsafe_b64decode(text.strip() + "=" * (-len(text.strip()) % 4)).decode().partition(":")
        if kind == "Contact" and digits.isascii() and digits.isdigit() and int(digits) < 2**63:
            return int(digits)
    except ValueError:
        pass
    raise NotFound(f"{text[:100]!r} is not the id of a contact")


def keys_of(chunk: RowChunk) -> dict[str, list[Any]]:
    """As contacts are compared: phones by their `phone_key`."""
    keys: dict[str, list[Any]] = {name: chunk.values[name] for name in KEYS if name in chunk.values}
    if "phone" in keys:
        keys["phone"] = [None if phone is None else phone_key(phone) for phone in keys["phone"]]
    return keys


assert ID in KEYS
