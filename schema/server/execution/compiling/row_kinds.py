"""How the fields of a value are read, by the value's class."""

from enum import Enum

from schema.server.execution.rows import Named, reads_by_item


class RowKind(Enum):
    ITEM = 1
    ATTRIBUTE = 2
    NAMED = 3
    NOT_A_ROW = 4
    """An exception, an awaitable or an iterator."""


ROW_KINDS: dict[type, RowKind] = {type(None): RowKind.NOT_A_ROW, Named: RowKind.NAMED}


def row_kind_of(kind: type) -> RowKind:
    is_no_row = issubclass(kind, BaseException) or hasattr(kind, "__await__") or hasattr(kind, "__next__")
    row_kind = RowKind.NOT_A_ROW if is_no_row else RowKind.ITEM if reads_by_item(kind) else RowKind.ATTRIBUTE
    ROW_KINDS[kind] = row_kind
    return row_kind
