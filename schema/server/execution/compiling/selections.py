"""How the selected fields of rows become objects of the response."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from schema.server.execution.compiling.completers import CompleteOne, Completer, Execution, Fallback
from schema.server.execution.compiling.field_sources import FetchBatch
from schema.server.execution.compiling.row_kinds import ROW_KINDS, RowKind, row_kind_of
from schema.server.execution.rows import Named


@dataclass(slots=True)
class DeferredField:
    """A field that needs the database, or has such fields below it."""

    key: str
    completer: Completer
    read: CompleteOne | None = None
    batch: FetchBatch | None = None


@dataclass(slots=True)
class Selection:
    by_item: CompleteOne
    by_attribute: CompleteOne
    deferred: list[DeferredField] = field(default_factory=list)
    readers: dict[type, CompleteOne] = field(default_factory=dict)

    def shallow(self, row: Any) -> dict[str, Any]:
        """Makes the object of a row; its deferred fields are still None."""
        return self.reader(type(row))(row)  # type: ignore[no-any-return]

    def reader(self, kind: type) -> CompleteOne:
        """Returns what makes objects from rows. Raises Fallback for a class that is no row."""
        return self.readers.get(kind) or self._remember_reader(kind)

    def _remember_reader(self, kind: type) -> CompleteOne:
        reader = self.readers[kind] = self._reader(kind)
        return reader

    def _reader(self, kind: type) -> CompleteOne:
        row_kind = ROW_KINDS.get(kind) or row_kind_of(kind)
        if row_kind is RowKind.ITEM:
            return self.by_item
        if row_kind is RowKind.ATTRIBUTE:
            return self.by_attribute
        if row_kind is RowKind.NAMED:
            return lambda row: self.shallow(row.row)
        raise Fallback

    async def complete(self, rows: Sequence[Any], executor: Execution) -> list[dict[str, Any]]:
        objects = [self.shallow(row) for row in rows]
        if len(self.deferred) == 1:
            await _fill(self.deferred[0], rows, objects, executor)
        elif rows:
            async with asyncio.TaskGroup() as group:
                for deferred in self.deferred:
                    group.create_task(_fill(deferred, rows, objects, executor))
        return objects


async def _fill(
    deferred: DeferredField, rows: Sequence[Any], objects: list[dict[str, Any]], executor: Execution
) -> None:
    if not rows:
        return
    if deferred.batch is not None:
        values = await deferred.batch([row.row if isinstance(row, Named) else row for row in rows], executor)
    else:
        assert deferred.read is not None
        values = [deferred.read(row) for row in rows]
    if deferred.completer.one is not None:
        completed: list[Any] = [deferred.completer.one(value) for value in values]
    else:
        assert deferred.completer.many is not None
        completed = await deferred.completer.many(values, executor)
    key = deferred.key
    for made, value in zip(objects, completed, strict=True):
        made[key] = value


def complete_object(selection: Selection, complete_null: CompleteOne) -> Completer:
    if not selection.deferred:

        def complete(value: Any) -> Any:
            return complete_null(value) if value is None else selection.reader(type(value))(value)

        return Completer(one=complete)

    async def complete_many(values: Sequence[Any], executor: Execution) -> list[Any]:
        objects = iter(await selection.complete([value for value in values if value is not None], executor))
        return [complete_null(value) if value is None else next(objects) for value in values]

    return Completer(many=complete_many)
