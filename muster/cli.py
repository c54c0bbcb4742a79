"""The command line: reads options and calls the module that does the work."""

import asyncio
import sys

import click

from muster.client.commands import COMMANDS
from muster.commands.members import member
from muster.commands.options import CommandOptions, OneLineErrors
from muster.commands.workspaces import workspace
from muster.settings import QUEUES, read_settings


@click.group(cls=OneLineErrors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--log-format",
    type=click.Choice(["auto", "json", "text"]),
    help="Format of the logs; overrides MUSTER_LOG_FORMAT.",
)
@click.version_option(package_name="muster")
@click.pass_context
def main(context: click.Context, log_format: str | None) -> None:
    """Muster keeps a business's contacts in the right groups at all times, and lets it act on those groups.

    `muster up` runs everything on this machine. In production, run `muster migrate` once for each release, then any number of
    `muster api` and of `muster worker --queue ...`. Settings are MUSTER_... variables, in the environment or in a file .env:
    docs/settings.md lists them.
    """
    from muster.logs import set_up_logging, warn_of_renamed

    settings = read_settings()
    context.obj = CommandOptions(settings, log_format or settings.log_format)
    set_up_logging(settings.log_level, context.obj.log_format)
    warn_of_renamed(settings)


@main.command()
@click.pass_obj
def up(options: CommandOptions) -> None:
    """Run everything on this machine: servers, API, workers.

    Starts the embedded PostgreSQL and Valkey (unless MUSTER_DATABASE_URL and MUSTER_REDIS_URL name others), migrates, makes
    a demo workspace in an empty database, and runs the API and a worker of each queue until Ctrl-C.
    """
    from muster.up import up

    up(options.settings)


@main.command()
@click.pass_obj
def api(options: CommandOptions) -> None:
    """Serve the API on MUSTER_HOST and MUSTER_PORT."""
    from muster.api import serve
    from muster.installation import require_running

    require_running(options.settings)
    serve(options.settings, options.log_format)


@main.command()
@click.option("--queue", type=click.Choice(QUEUES), required=True, help="Which kind of work.")
@click.pass_obj
def worker(options: CommandOptions, queue: str) -> None:
    """Work on one queue.

    \b
    realtime   keeps segments right as contacts change
    bulk       imports, exports, whole recomputes
    broadcast  sends messages
    webhook    sends webhooks to partners
    """
    from muster.installation import require_running
    from muster.worker import work

    require_running(options.settings)
    work(options.settings, queue)


@main.command()
@click.pass_obj
def migrate(options: CommandOptions) -> None:
    """Bring the database up to date.

    Two at once are safe: the second waits for the first.
    """
    from muster.database import bring_up_to_date, opened
    from muster.installation import with_servers

    async def run() -> list[str]:
        async with opened(installation):
            return await bring_up_to_date()

    with with_servers(options.settings) as installation:
        names = asyncio.run(run())
    for name in names or ["nothing to do"]:
        click.echo(name)


@main.command()
@click.pass_obj
def seed(options: CommandOptions) -> None:
    """Make the demo workspace, unless it is there.

    A few thousand contacts with tags, custom fields and activities, and an admin to sign in as.
    """
    from muster.database import bring_up_to_date, opened
    from muster.demo.seed import seed
    from muster.installation import with_servers

    async def run() -> str:
        async with opened(installation):
            await bring_up_to_date()
            return await seed(installation)

    with with_servers(options.settings) as installation:
        click.echo(asyncio.run(run()))


@main.command()
@click.pass_obj
def token(options: CommandOptions) -> None:
    """Print a bearer token of the demo workspace's admin, and nothing else."""
    from muster.database import opened
    from muster.demo.seed import admin_token
    from muster.installation import with_servers

    async def run() -> str:
        async with opened(installation):
            return await admin_token(installation)

    with with_servers(options.settings) as installation:
        click.echo(asyncio.run(run()))


@main.command()
@click.pass_obj
def doctor(options: CommandOptions) -> None:
    """Say what is wrong with this installation, and how to mend it.

    Exit status 0 when nothing is wrong.
    """
    from muster.doctor import examine

    findings = examine(options.settings)
    for finding in findings:
        click.echo(finding.text())
        if finding.remedy is not None:
            click.echo(f"          {finding.remedy}")
    sys.exit(any(finding.is_wrong for finding in findings))


@main.command(hidden=True)
def generate() -> None:
    """Write the generated files. For contributors: `make docs`."""
    from muster.generated import write_all

    for path in write_all():
        click.echo(path)


for command in (workspace, member, *COMMANDS):
    main.add_command(command)
