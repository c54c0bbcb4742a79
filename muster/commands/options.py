"""What all commands share."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from muster.errors import SetupError
from muster.settings import Settings

Result = TypeVar("Result")


@dataclass(frozen=True)
class CommandOptions:
    settings: Settings
    log_format: str


class OneLineErrors(click.Group):
    """Prints the message of a SetupError. Any other exception is a bug and keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SetupError as error:
            raise click.ClickException(str(error)) from None


def in_database(settings: Settings, work: Callable[[], Awaitable[Result]]) -> Result:
    """Runs `work` with the database open. What the domain refuses becomes a SetupError."""
    from models.db import migrations
    from models.errors import DomainError, Problems, Refusal
    from muster.database import opened
    from muster.installation import with_servers

    async def run() -> Result:
        async with opened(installation):
            if await migrations.pending():
                raise SetupError("The database is not up to date: run `muster migrate` first.")
            return await work()

    with with_servers(settings) as installation:
        try:
            return asyncio.run(run())
        except (DomainError, Problems, Refusal) as error:
            raise SetupError(_message(error)) from None


def _message(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
