"""What a log is: three tables of one shape.

Positions have no gaps, and become visible in order: a reader that has read up to a position has missed nothing. A new log is a
migration with three such tables, and one `Log`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar


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
    """Names of tables and columns become SQL, so they are constants of the code.

    `noun`: its entries in messages. `entries`: (workspace_id, append_id, place) and `columns`. `appends`:
    (workspace_id, position, size, append_id, at). `heads`: (workspace_id, position, floor). `append_ids`: a sequence. `make` gets
    the workspace's id and a row, or a tuple where there is an `own`: (position, then `columns`). `own`: the column in which alone
    most entries of a large append differ, if there is one. `cursor_source`: where clients get cursors. `when_lost`: what they do
    when entries are no longer kept.
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
    make: Callable[[int, Any], Entry]
    filter_value: Callable[[Entry], Any]
    cursor_mark: str
    cursor_source: str
    when_lost: str
    own: str | None = None
