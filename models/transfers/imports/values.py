"""Turns cells into stored values. Blocking: call it in a thread."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from models import db
from models.contacts.attributes import Fields
from models.errors import DomainError, Problems
from models.transfers.cells import plain_cell
from models.transfers.imports.cell_readers import CellReader, formats_of, reader_of
from models.transfers.imports.mapping import ID, KEYS, BadCell, MappedColumn, Options, Policy
from models.transfers.reading.reader import ParsedRows
from models.values.phones import phone_key
from permissions.principal import Scope

SKIPPED: Final = "SKIPPED"
REJECTED: Final = "REJECTED"
PARTIAL: Final = "PARTIAL"
"""The row went in, but not all of it."""


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
    names_contacts: bool = False
    """Reasons may name the ids of other contacts."""

    def heading(self, name: str) -> str | None:
        return next((column.heading for column in self.columns if column.field == name), None)


class LeftOut(NamedTuple):
    """The cells of a row that went in without them."""

    fields: Collection[str]
    columns: str
    reason: str


@dataclass(slots=True)
class RowChunk:
    """`values[field][i]` belongs to `lines[i]`. None is empty; custom fields are JSON text. `left_out` is by line.

    `phone_keys` are those of the phone numbers, by which contacts are compared.
    """

    lines: list[int]
    cells: list[list[str]]
    values: dict[str, list[Any]]
    refusals: list[RefusedRow] = field(default_factory=list)
    left_out: dict[int, LeftOut] = field(default_factory=dict)
    phone_keys: list[str | None] = field(default_factory=list)

    def refuse(self, index: int, outcome: str, column: str | None, reason: str) -> None:
        """The row stays in the columns; callers skip it."""
        left_out = self.left_out.get(self.lines[index])
        if left_out is not None:
            reason = f"{reason}; besides, {left_out.columns}: {left_out.reason}"
        self.refusals.append(RefusedRow(self.lines[index], outcome, column, reason, self.cells[index]))

    def leave_out(self, line: int, fields: Collection[str], columns: str, reason: str) -> None:
        """In addition to what is left out of the row already."""
        known = self.left_out.get(line)
        if known is not None:
            fields, columns, reason = (
                (*known.fields, *fields),
                f"{known.columns}; {columns}",
                f"{known.reason}; {reason}",
            )
        self.left_out[line] = LeftOut(fields, columns, reason)

    def is_left_out(self, name: str, index: int) -> bool:
        """Whether the cell of field `name` was left out: then nothing is cleared."""
        left_out = self.left_out.get(self.lines[index])
        return left_out is not None and name in left_out.fields

    def without(self, indexes: Collection[int]) -> "RowChunk":
        kept = [index for index in range(len(self.lines)) if index not in indexes]
        return replace(
            self,
            lines=_pick(self.lines, kept),
            cells=_pick(self.cells, kept),
            values={name: _pick(column, kept) for name, column in self.values.items()},
        )


def make_plan(
    scope: Scope,
    options: Options,
    columns: Sequence[MappedColumn],
    width: int,
    fields: Fields,
    *,
    is_workbook: bool = False,
    names_contacts: bool = False,
) -> ReadPlan:
    formats = formats_of(scope, options, is_workbook=is_workbook)
    readers = [reader_of(column, fields, formats) for column in columns]
    return ReadPlan(columns, readers, width, options, names_contacts)


def read_chunk(rows: ParsedRows, plan: ReadPlan) -> RowChunk:
    """A row with errors is refused with all of them, unless all are in cells that may be left out."""
    refusals = [RefusedRow(line, REJECTED, None, reason, cells) for line, cells, reason in rows.broken]
    lines, cells = _of_width(rows, plan.width, refusals)
    chunk = RowChunk(lines, cells, {}, refusals)
    errors: dict[int, list[_CellError]] = {}
    for column, read in zip(plan.columns, plan.readers, strict=True):
        texts = [row[column.index] for row in cells]
        chunk.values[column.field] = _read_column(texts, read, column, errors)
    if errors:
        chunk = _without_bad_rows(chunk, errors)
    chunk.phone_keys = [None if phone is None else phone_key(phone) for phone in chunk.values.get("phone", ())]
    return chunk


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


class _CellError(NamedTuple):
    column: MappedColumn
    reason: str


def _read_column(
    texts: Sequence[str], read: CellReader, column: MappedColumn, errors: dict[int, list[_CellError]]
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
                errors.setdefault(index, []).append(_CellError(column, wrong[text]))
    return list(map(known.__getitem__, texts))


def _message(error: DomainError | Problems) -> str:
    return error.message if isinstance(error, DomainError) else "; ".join(one.message for one in error.errors)


def _without_bad_rows(chunk: RowChunk, errors: Mapping[int, Sequence[_CellError]]) -> RowChunk:
    refused: set[int] = set()
    for index, found in errors.items():
        columns, reasons = "; ".join(one.column.heading for one in found), "; ".join(one.reason for one in found)
        if all(one.column.on_bad_cell is BadCell.LEAVE_OUT for one in found):
            chunk.leave_out(chunk.lines[index], [one.column.field for one in found], columns, reasons)
        else:
            refused.add(index)
            chunk.refuse(index, REJECTED, columns, reasons)
    return chunk.without(refused) if refused else chunk


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
        part = [known[texts[index]] for index in indexes]
        if empty and chunk.left_out:
            part = _unless_left_out(chunk, column, indexes, part)
        parts.append(part)
    if len(parts) == 1:
        return [f"{{{part}}}" for part in parts[0]]
    if not parts:
        return ["{}"] * len(indexes)
    return ["{" + ",".join(filter(None, row)) + "}" for row in zip(*parts, strict=True)]


def _unless_left_out(chunk: RowChunk, column: MappedColumn, indexes: Sequence[int], part: Sequence[str]) -> list[str]:
    return ["" if chunk.is_left_out(column.field, index) else text for index, text in zip(indexes, part, strict=True)]


def keys_of(chunk: RowChunk) -> dict[str, list[Any]]:
    """As contacts are compared: phones by their `phone_key`."""
    return {name: chunk.phone_keys if name == "phone" else chunk.values[name] for name in KEYS if name in chunk.values}


assert ID in KEYS
