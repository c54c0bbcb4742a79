"""What a command shows: tables and progress bars on a terminal, JSON lines elsewhere.

rich is imported where it draws, so that other commands start without it.
"""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import click

if TYPE_CHECKING:
    from rich.progress import Progress

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Step:
    """How far something has come: `state` for JSON lines (none of its own when None), the rest for a bar."""

    text: str
    done: int
    total: int | None = None
    state: Row | None = None


class Bar(Protocol):
    def update(self, step: Step) -> None: ...


class Output:
    """Data goes to standard output, bars and messages to standard error."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json or not sys.stdout.isatty()
        self.can_ask = not self.as_json and sys.stdin.isatty()

    def line(self, row: Row, text: str) -> None:
        """One JSON line, or `text` on a terminal."""
        click.echo(json.dumps(row, ensure_ascii=False) if self.as_json else text)

    def remark(self, text: str) -> None:
        """A line for people, on standard error."""
        click.echo(text, err=True)

    def table(self, rows: Sequence[Row], columns: Mapping[str, str]) -> None:
        """A JSON line for each row, or a table with these columns: heading by key."""
        if self.as_json:
            for row in rows:
                click.echo(json.dumps(row, ensure_ascii=False))
            return
        from rich.console import Console
        from rich.table import Table

        table = Table(*columns.values(), box=None, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*(_cell(row.get(key)) for key in columns))
        Console(highlight=False, markup=False).print(table)

    @contextmanager
    def bar(self) -> Iterator[Bar]:
        """A progress bar, or JSON lines of what has changed."""
        if self.as_json:
            yield _Lines()
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            yield _TerminalBar(progress)


class _Lines:
    def __init__(self) -> None:
        self._last: str | None = None

    def update(self, step: Step) -> None:
        line = self._last if step.state is None else json.dumps(step.state, ensure_ascii=False)
        if line != self._last:
            click.echo(line)
            self._last = line


class _TerminalBar:
    def __init__(self, progress: "Progress") -> None:
        self._progress = progress
        self._task = progress.add_task("", total=None)

    def update(self, step: Step) -> None:
        self._progress.update(self._task, description=step.text, completed=step.done, total=step.total)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
