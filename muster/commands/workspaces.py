"""muster workspace: new workspaces, all of them, and the end of one."""

import asyncio
from typing import TYPE_CHECKING

import click

from muster.commands.options import CommandOptions, in_database
from muster.errors import SetupError

if TYPE_CHECKING:  # would load the ORM, and slow the command line
    from models.db import Record


@click.group()
def workspace() -> None:
    """Make, list and delete workspaces."""


@workspace.command()
@click.argument("name")
@click.option("--zone", required=True, help="IANA name, such as Europe/Madrid: where the workspace's days begin.")
@click.option("--country", help="ISO 3166-1 alpha-2, such as ES: for phone numbers written without a country.")
@click.option("--admin", "email", required=True, help="E-mail of the first ADMIN.")
@click.pass_obj
def create(options: CommandOptions, name: str, zone: str, country: str | None, email: str) -> None:
    """Make a workspace with its first admin.

    Prints a link by which the admin sets a password. It works once, for a day; `muster member password` makes another one.
    """
    from models.accounts import moving_in

    async def run() -> str:
        made = await moving_in.create(name, timezone=zone, default_country=country, admin_email=email)
        click.echo(f"Workspace {made.scope.workspace_id}, {name}, with the admin {made.admin.email}.")
        return made.link.url(options.settings.served_url)

    tell_link(in_database(options.settings, run))


@workspace.command("list")
@click.pass_obj
def list_(options: CommandOptions) -> None:
    """List all workspaces, one a line: id, name, zone, country, members, contacts."""
    from models.accounts import moving_in

    for row, counts in in_database(options.settings, moving_in.every_workspace):
        state = "\tbeing deleted" if row["deleted_at"] else ""
        settings = f"{row['name']}\t{row['timezone']}\t{row['default_country'] or '-'}"
        click.echo(f"{row['id']}\t{settings}\t{counts['members']} members\t{counts['contacts']} contacts{state}")


@workspace.command()
@click.argument("which", metavar="WORKSPACE")
@click.option("--confirm", metavar="NAME", help="The workspace's name, to be asked nothing.")
@click.option("--settle-seconds", default=10.0, hidden=True, help="For processes that do not know of it yet.")
@click.pass_obj
def delete(options: CommandOptions, which: str, confirm: str | None, settle_seconds: float) -> None:
    """Delete a workspace and all that it holds, for good: its members, contacts, segments, messages, files and audit log.

    WORKSPACE is its id or its name. Asks for the name. When it is interrupted, the same command goes on.
    """
    from models.accounts import moving_in, workspace_deletion
    from models.transfers import files
    from models.transfers.cleanup import remove_files_of
    from muster.storage import storage_of

    async def run() -> int:
        row = await get_workspace(which, deleted=True)
        _confirm(row, confirm)
        files.use(storage_of(options.settings))
        await workspace_deletion.begin(moving_in.operator_scope(row))
        await asyncio.sleep(settle_seconds)
        deleted = 0
        async for count in workspace_deletion.delete_rows(row["id"]):
            deleted += count
            click.echo(f"\r{deleted:,} rows deleted", nl=False, err=True)
        await remove_files_of(row["id"])
        await workspace_deletion.end(row["id"])
        click.echo(err=True)
        return deleted

    click.echo(f"Deleted, with {in_database(options.settings, run):,} rows.")


def _confirm(row: "Record", given: str | None) -> None:
    name = given or click.prompt(f"Everything in workspace {row['id']} is deleted for good. Type its name to go on")
    if name != row["name"]:
        raise SetupError(f"That is not the name of workspace {row['id']}: nothing was deleted.")


async def get_workspace(which: str, *, deleted: bool = False) -> "Record":
    """Returns the workspace with this id or name. SetupError when there is none, or several of this name."""
    from models.accounts import moving_in

    rows = await moving_in.find_workspaces(which)
    found = [row for row in rows if deleted or row["deleted_at"] is None]
    if not found:
        raise SetupError(f"There is no workspace {which!r}: `muster workspace list` shows all.")
    if len(found) > 1:
        ids = ", ".join(str(row["id"]) for row in found)
        raise SetupError(f"Several workspaces are called {which!r}: give the id, one of {ids}.")
    return found[0]


def tell_link(url: str) -> None:
    click.echo("This link sets the password. It works once, for a day, and for anybody who has it:")
    click.echo(url)
