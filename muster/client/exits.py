"""How a command of an operator ends."""

import sys
from enum import IntEnum
from typing import IO, Any

import click


class Exit(IntEnum):
    """Exit codes. They are written down in docs/operations.md and do not change."""

    SUCCEEDED = 0
    FAILED = 1
    """The work failed, or the API refused it; one line on standard error says why."""
    USAGE = 2
    """The command was called in a wrong way; nothing was done."""
    REJECTED_ROWS = 3
    """An import ended, and some of its rows were rejected."""
    CANCELLED = 4
    """Somebody cancelled the work. What it had done stays done."""
    NOT_ALLOWED = 5
    """There is no token, the API does not accept it, or it lacks a permission."""
    UNREACHABLE = 6
    """The API does not answer. Work that was started goes on."""
    PAUSED = 7
    """A broadcast is paused and waits for a person."""
    INTERRUPTED = 130
    """Ctrl-C. Work that was started goes on."""


class CommandEnds(click.ClickException):
    """Ends the command with an exit code and one line on standard error."""

    def __init__(self, code: Exit, message: str) -> None:
        super().__init__(" ".join(message.split()))
        self.code = code

    @property
    def exit_code(self) -> int:  # type: ignore[override]
        """What click ends the process with."""
        return self.code

    def show(self, file: IO[Any] | None = None) -> None:
        before = "" if self.code in (Exit.INTERRUPTED, Exit.REJECTED_ROWS) else "Error: "
        click.echo(f"{before}{self.message}", file=file or sys.stderr)


class Unreachable(CommandEnds):
    """The API cannot be reached or cannot answer now; a read may be tried again."""

    def __init__(self, message: str) -> None:
        super().__init__(Exit.UNREACHABLE, message)
