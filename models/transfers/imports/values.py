"""The cells of some rows as the values that are stored, column by column; and the rows that have none.

Every value goes through the same door as over GraphQL (contact_values, attributes). A column of a chunk holds each distinct text
once: a city or a tag that stands in ten thousand rows is read once. Blocking, without I/O: call it in a thread.
"""

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
from models.transfers.cells import split_list, unguard
from models.transfers.imports.mapping import ID, KEYS, Options, Placed, Policy
from models.transfers.imports.reader import ParsedRows
from permissions.principal import Scope

Read = Callable[[str], Any]
"""From the text of a cell, which is not blank, to the stored value. Raises DomainError or Problems."""

SKIPPED: Final = "SKIPPED"
REJECTED: Final = "REJECTED"


class RejectedRow(NamedTuple):
    """A row that came to nothing, as it came, and why. `column` is the file's heading, or headings."""

    line: int
    outcome: str
    column: str | None
    reason: str
    cells: Sequence[str]


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """How the rows of a file become contacts: its columns with what reads each, and what else the import was told."""

    placed: Sequence[Placed]
    reads: Sequence[Read]
    width: int
    options: Options

    def heading(self, name: str) -> str | None:
        """What the file calls the column of a field."""
        return next((column.heading for column in self.placed if column.field == name), None)


@dataclass(slots=True)
class RowChunk:
    """Rows that can be read, column by column, and the others. `values[field][i]` belongs to `lines[i]`; None is empty.

    The values of custom fields are JSON text.
    """

    lines: list[int]
    cells: list[list[str]]
    values: dict[str, list[Any]]
    refusals: list[RejectedRow] = field(default_factory=list)

    def refuse(self, at: int, outcome: str, column: str | None, reason: str) -> None:
        """Put row `at` among the refusals. It stays in the columns: who asks leaves it aside."""
        self.refusals.append(RejectedRow(self.lines[at], outcome, column, reason, self.cells[at]))


def make_plan(scope: Scope, options: Options, placed: Sequence[Placed], width: int, fields: Fields) -> ReadPlan:
    """The plan for the columns `placed` in rows of `width` cells."""
    reads = [_reads(column, fields, scope, options.list_separator) for column in placed]
    return ReadPlan(placed, reads, width, options)


def read_chunk(rows: ParsedRows, plan: ReadPlan) -> RowChunk:
    """The values of `rows`; rows with a fault are refused, each with all that is wrong in it."""
    refusals = [RejectedRow(line, REJECTED, None, reason, cells) for line, cells, reason in rows.broken]
    lines, cells = _even(rows, plan.width, refusals)
    values: dict[str, list[Any]] = {}
    faults: dict[int, list[tuple[str, str]]] = {}
    for column, read in zip(plan.placed, plan.reads, strict=True):
        texts = [row[column.place] for row in cells]
        values[column.field] = _column(texts, read, column.heading, faults)
    chunk = RowChunk(lines, cells, values, refusals)
    return _without(chunk, faults) if faults else chunk


def _even(rows: ParsedRows, width: int, refusals: list[RejectedRow]) -> tuple[list[int], list[list[str]]]:
    """The rows that have `width` cells; the others are refused. Empty cells at the end may be too many."""
    if all(len(cells) == width for cells in rows.cells):
        return rows.lines, rows.cells
    lines, even = [], []
    for line, cells in zip(rows.lines, rows.cells, strict=True):
        if len(cells) == width or (len(cells) > width and not any(cells[width:])):
            lines.append(line)
            even.append(cells)
        else:
            reason = f"the row has {len(cells)} cells where the first row of the file has {width}"
            refusals.append(RejectedRow(line, REJECTED, None, reason, cells))
    return lines, even


def _column(texts: Sequence[str], read: Read, heading: str, faults: dict[int, list[tuple[str, str]]]) -> list[Any]:
    known: dict[str, Any] = {}
    wrong: dict[str, str] = {}
    for text in set(texts):
        try:
            cell = unguard(text) if text[:1] == "'" else text
            known[text] = None if not cell or cell.isspace() else read(cell)
        except (DomainError, Problems) as error:
            known[text], wrong[text] = None, _message(error)
    if wrong:
        for at, text in enumerate(texts):
            if text in wrong:
                faults.setdefault(at, []).append((heading, wrong[text]))
    return list(map(known.__getitem__, texts))


def _message(error: DomainError | Problems) -> str:
    return error.message if isinstance(error, DomainError) else "; ".join(one.message for one in error.errors)


def _without(chunk: RowChunk, faults: Mapping[int, Sequence[tuple[str, str]]]) -> RowChunk:
    for at, found in faults.items():
        headings, reasons = "; ".join(one[0] for one in found), "; ".join(one[1] for one in found)
        chunk.refuse(at, REJECTED, headings, reasons)
    sound = [at for at in range(len(chunk.lines)) if at not in faults]
    return RowChunk(
        lines=_pick(chunk.lines, sound),
        cells=_pick(chunk.cells, sound),
        values={name: _pick(column, sound) for name, column in chunk.values.items()},
        refusals=chunk.refusals,
    )


def _pick(items: Sequence[Any], places: Iterable[int]) -> list[Any]:
    return list(map(items.__getitem__, places))


# ---------------------------------------------------------------- JSON of custom fields


def attributes_of(chunk: RowChunk, columns: Collection[Placed], places: Sequence[int], *, clearing: bool) -> list[str]:
    """For each row of `places` the object of its custom fields, as JSON text, of those `columns` alone.

    With `clearing`, what is empty under REPLACE is there as null.
    """
    parts = []
    for column in columns:
        name = db.dump_json(column.key)
        empty = f"{name}:null" if clearing and column.policy is Policy.REPLACE else ""
        texts = chunk.values[column.field]
        known = {text: f"{name}:{text}" for text in set(texts) if text is not None}
        known[None] = empty
        parts.append([known[texts[at]] for at in places])
    if len(parts) == 1:
        return [f"{{{part}}}" for part in parts[0]]
    return (
        ["{" + ",".join(filter(None, row)) + "}" for row in zip(*parts, strict=True)] if parts else ["{}"] * len(places)
    )


# ---------------------------------------------------------------- what reads a column


def _reads(column: Placed, fields: Fields, scope: Scope, separator: str) -> Read:
    if column.key is not None:
        return _reads_custom(fields[column.key], scope, separator)
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
            return lambda text: check_column(name, _day_alone(text), country)
        case _:
            return lambda text: check_column(name, text, country)


def _reads_custom(custom: ContactField, scope: Scope, separator: str) -> Read:
    zone = ZoneInfo(scope.timezone)

    def read(text: str) -> str | None:
        match custom.type:
            case FieldType.MULTI_CHOICE:
                value = check_value(custom, _choices(text, custom, separator))
            case FieldType.DATETIME:
                value = from_text(custom, _with_zone(text, zone))
            case FieldType.DATE:
                value = from_text(custom, _day_alone(text))
            case FieldType.NUMBER:
                value = from_text(custom, _short(text))
            case _:
                value = from_text(custom, text)
        return None if value is None else db.dump_json(value)

    return read


def _choices(text: str, custom: ContactField, separator: str) -> list[str]:
    return [text.strip()] if text.strip().casefold() in custom.spelling else split_list(text, separator)


_LOCAL: Final = re.compile(r"\s*(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?))?\s*", re.ASCII)
_MIDNIGHT: Final = re.compile(r"[T ]00:00(:00(\.0+)?)?\s*$")


def _with_zone(text: str, zone: ZoneInfo) -> str:
    """An instant that lacks its offset is one of the workspace's zone; a day alone is its midnight there."""
    found = _LOCAL.fullmatch(text)
    if found is None:
        return text
    try:
        local = datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00'}").replace(tzinfo=zone)
        return local.astimezone(
            UTC
        ).isoformat()  # an offset of long ago can have seconds, which RFC 3339 has no place for
    except (ValueError, OverflowError):
        return text


_MANY_DIGITS: Final = re.compile(r"\s*[+-]?[0-9]{19,}\s*", re.ASCII)


def _short(text: str) -> str:
    """A number with an exponent, such as 1e22, that was written in full."""
    return repr(float(text)) if _MANY_DIGITS.fullmatch(text) and not -(2**63) <= int(text) < 2**63 else text


def _day_alone(text: str) -> str:
    """A day that a spreadsheet wrote with its midnight."""
    return _MIDNIGHT.sub("", text)


def read_contact_id(text: str) -> int:
    """The number behind an id that Muster gave a contact. Raises NotFound."""
    try:
        kind, _, number = urlsafe_b64decode(text.strip() + "=" * (-len(text.strip()) % 4)).decode().partition(":")
        if kind == "Contact" and number.isascii() and number.isdigit() and int(number) < 2**63:
            return int(number)
    except ValueError:
        pass
    raise NotFound(f"{text[:100]!r} is not the id of a contact")


def keys_of(chunk: RowChunk) -> dict[str, list[Any]]:
    """The columns of `chunk` that find contacts: those of KEYS that the file has."""
    return {name: chunk.values[name] for name in KEYS if name in chunk.values}


assert ID in KEYS
