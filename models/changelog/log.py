"""What a log is: three tables of one shape, and how a row becomes an entry.

Its positions run without gaps from the first entry of a workspace on, and become visible in order: who has read up to a
position has missed nothing before it. A new log is a migration with three such tables, and one `Log`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from models.db import Record


class LogEntry(Protocol):
    """What stands at one position of a workspace's log."""

    @property
    def workspace_id(self) -> int:
        """Whose log it is."""

    @property
    def position(self) -> int:
        """Its position in that log."""


Entry = TypeVar("Entry", bound=LogEntry)


@dataclass(frozen=True, slots=True, eq=False)
class Log(Generic[Entry]):
    """One kind of log. The names of tables and columns are put into SQL, so they are constants of the code.

    `name` is what stored readers know it by, `noun` what its entries are called to people. `entries` has (workspace_id,
    append_id, place) and what `columns` names; `appends` has (workspace_id, position, size, append_id, at); `heads` has
    (workspace_id, position, floor). `append_ids` is the sequence of append ids. A reader may ask for some values of
    `filter_column` only, whose SQL type is `filter_type`. `make` gets the workspace's id and a row (position, then `columns`).
    `cursor_mark` begins the log's cursors, `cursor_source` is where clients get them, and `when_lost` tells them what to do
    when what they ask for is no longer kept.
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
