"""The command line. Each command says what it does in `muster COMMAND --help`; this file only takes it apart."""

import asyncio
import sys
from dataclasses import dataclass
from typing import Any

import click

from muster.errors import SetupError
from muster.settings import QUEUES, Settings, read_settings


@dataclass(frozen=True)
class Given:
    """What was said before the command's name."""

    settings: Settings
    log_format: str


class OneLineErrors(click.Group):
    """A SetupError is told in its own words; anything else is a bug and keeps its traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except SetupError as error:
            raise click.ClickException(str(error)) from None


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--log-format",
    type=click.Choice(["auto", "json", "text"]),
    help="Write logs so, whatever MUSTER_LOG_FORMAT says.",
)
@click.version_option(package_name="muster")
@click.pass_context
def main(context: click.Context, log_format: str | None) -> None:
    """Muster keeps a business's contacts in the right groups, all the time, and lets it act on those groups.

    `muster up` runs everything on this machine. In production, run `muster migrate` once for each release, then any number of
    `muster api` and of `muster worker --queue ...`. Settings are MUSTER_... variables, in the environment or in a file .env:
    docs/settings.md has them all.
    """
    from muster.logs import set_up_logging

    settings = read_settings()
    context.obj = Given(settings, log_format or settings.log_format)
    set_up_logging(settings.log_level, context.obj.log_format)


@main.command()
@click.pass_obj
def up(given: Given) -> None:
    """Run everything here: servers, API, workers.

    Starts the embedded PostgreSQL and Valkey (unless MUSTER_DATABASE_URL and MUSTER_REDIS_URL name others), migrates, makes
    a demo workspace in an empty database, and keeps the API and a worker of each queue running until Ctrl-C.
    """
    from muster.up import up

    up(given.settings)


@main.command()
@click.pass_obj
def api(given: Given) -> None:
    """Serve the API on MUSTER_HOST and MUSTER_PORT."""
    from muster.api import serve
    from muster.installation import must_run

    must_run(given.settings)
    serve(given.settings, given.log_format)


@main.command()
@click.option("--queue", type=click.Choice(QUEUES), required=True, help="Which kind of work.")
@click.pass_obj
def worker(given: Given, queue: str) -> None:
    """Work on one queue.

    \b
    realtime   keeps segments right as contacts change
    bulk       imports, exports, whole recomputes
    broadcast  sends messages
    """
    from muster.installation import must_run
    from muster.worker import work

    must_run(given.settings)
    work(given.settings, queue)


@main.command()
@click.pass_obj
def migrate(given: Given) -> None:
    """Bring the database up to date.

    Two at once do no harm: one waits for the other.
    """
    from muster.database import bring_up_to_date, opened
    from muster.installation import with_servers

    async def run() -> list[str]:
        async with opened(place):
            return await bring_up_to_date()

    with with_servers(given.settings) as place:
        names = asyncio.run(run())
    for name in names or ["nothing to do"]:
        click.echo(name)


@main.command()
@click.pass_obj
def seed(given: Given) -> None:
    """Make the demo workspace, unless it is there.

    A few thousand contacts with tags, custom fields and activities, and an admin to sign in as.
    """
    from muster.database import bring_up_to_date, opened
    from muster.demo.seed import seed
    from muster.installation import with_servers

    async def run() -> str:
        async with opened(place):
            await bring_up_to_date()
            return await seed(place)

    with with_servers(given.settings) as place:
        click.echo(asyncio.run(run()))


@main.command()
@click.pass_obj
def token(given: Given) -> None:
    """Print a bearer token of the demo workspace's admin, and nothing else."""
    from muster.database import opened
    from muster.demo.seed import admin_token
    from muster.installation import with_servers

    async def run() -> str:
        async with opened(place):
            return await admin_token(place)

    with with_servers(given.settings) as place:
        click.echo(asyncio.run(run()))


@main.command()
@click.pass_obj
def doctor(given: Given) -> None:
    """Say what is wrong with this installation, and how to mend it.

    Ends with 0 when nothing is.
    """
    from muster.doctor import examine

    findings = examine(given.settings)
    for finding in findings:
        click.echo(finding.line())
        if finding.remedy is not None:
            click.echo(f"          {finding.remedy}")
    sys.exit(any(finding.is_wrong for finding in findings))


@main.command(hidden=True)
def generate() -> None:
    """Write again the files that are made from the code. For contributors: `make docs`."""
    from muster.generated import write_all

    for path in write_all():
        click.echo(path)
