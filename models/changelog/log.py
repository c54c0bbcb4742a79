"""What a log is: three tables of one shape, and how a row becomes an entry.

Positions have no gaps, and become visible in order: a reader that has read up to a position has missed nothing. A new log is a
migration with three such tables, and one `Log`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from models.db import Record


class LogEntry(Protocol):
    @property
    def workspace_id(self) -> int:
        """The workspace of the log."""

    @property
    def position(self) -> int:
        """The position in the log."""


Entry = TypeVar("Entry", bound=LogEntry)


@dataclass(frozen=True, slots=True, eq=False)
class Log(Generic[Entry]):
    """One kind of log. Names of tables and columns become SQL, so they are constants of the code.

    `name` is for stored readers, `noun` names its entries in messages. `entries` has (workspace_id,
    append_id, place) and what `columns` names; `appends` has (workspace_id, position, size, append_id, at); `heads` has
    (workspace_id, position, floor). `append_ids` is a sequence. A reader may ask for some values of `filter_column`,
    of SQL type `filter_type`. `make` gets the workspace's id and a row (position, then `columns`). `cursor_mark` begins the log's
    cursors, `cursor_source` says where clients get them, `when_lost` what they do when entries are no longer kept.
    """

    name: str
    noun: str
    entries: str
    appends: str
    heads: str
    append_ids: str
    columns: tuple[str, ...]
    filter_column: str
    filter_type: str
    make: Callable[[int, Record], Entry]
    filter_value: Callable[[Entry], Any]
    cursor_mark: str
    cursor_source: str
    when_lost: str
