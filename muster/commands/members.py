"""muster member: the people of a workspace."""

import click

from muster.commands.options import CommandOptions, in_database
from muster.commands.workspaces import get_workspace, tell_link
from muster.errors import SetupError

ROLES = ("ADMIN", "MANAGER", "USER")


@click.group()
def member() -> None:
    """Add members to a workspace, and change them. WORKSPACE is its id or its name."""


@member.command()
@click.argument("which", metavar="WORKSPACE")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES, case_sensitive=False), default="USER", show_default=True)
@click.option("--name", help="What the others see. Unless given: as the e-mail begins.")
@click.pass_obj
def add(options: CommandOptions, which: str, email: str, role: str, name: str | None) -> None:
    """Add a member, and print a link that sets the password."""
    from models.accounts import moving_in
    from permissions.roles import Role

    async def run() -> str:
        scope = moving_in.operator_scope(await get_workspace(which))
        added, link = await moving_in.add_member(scope, email, name, Role(role.upper()))
        click.echo(f"Added {added.email} as {added.role}.")
        return link.url(options.settings.served_url)

    tell_link(in_database(options.settings, run))


@member.command()
@click.argument("which", metavar="WORKSPACE")
@click.argument("email")
@click.argument("role", type=click.Choice(ROLES, case_sensitive=False))
@click.option("--grant", "granted", multiple=True, metavar="PERMISSION", help="Of a USER; may be repeated.")
@click.pass_obj
def role(options: CommandOptions, which: str, email: str, role: str, granted: tuple[str, ...]) -> None:
    """Give a member another role. A USER has the permissions of --grant, and no others."""
    from models.accounts import members, moving_in
    from permissions.capabilities import Permission
    from permissions.roles import Role

    unknown = [name for name in granted if name.upper() not in Permission.__members__]
    if unknown:
        raise SetupError(f"There is no permission {unknown[0]}: docs/permissions.md lists them.")

    async def run() -> str:
        scope = moving_in.operator_scope(await get_workspace(which))
        found = await moving_in.get_member(scope, email)
        permissions = [Permission(name.upper()) for name in granted]
        await members.update(scope, found.id, {"role": Role(role.upper()), "permissions": permissions})
        return f"{found.email} is {role.upper()} now."

    click.echo(in_database(options.settings, run))


@member.command()
@click.argument("which", metavar="WORKSPACE")
@click.argument("email")
@click.pass_obj
def password(options: CommandOptions, which: str, email: str) -> None:
    """Print a link that sets a member's password. The present password holds until then."""
    from models.accounts import moving_in, password_links

    async def run() -> str:
        scope = moving_in.operator_scope(await get_workspace(which))
        found = await moving_in.get_member(scope, email)
        return (await password_links.create(scope, found.id)).url(options.settings.served_url)

    tell_link(in_database(options.settings, run))


@member.command("list")
@click.argument("which", metavar="WORKSPACE")
@click.pass_obj
def list_(options: CommandOptions, which: str) -> None:
    """List the members of a workspace, one a line: e-mail, name, role."""
    from models.accounts import members, moving_in

    async def run() -> list[str]:
        scope = moving_in.operator_scope(await get_workspace(which))
        return [
            f"{one.email}\t{one.name}\t{one.role}" + ("" if one.password_hash else "\tno password yet")
            for one in await members.everyone(scope)
        ]

    for line in in_database(options.settings, run):
        click.echo(line)
