"""What operators do from the command line: a new workspace with its first admin, and an overview of all."""

from dataclasses import replace
from typing import NamedTuple

from models import db
from models.accounts import audit_log, members, password_links, workspaces
from models.accounts.password_links import PasswordLink
from models.db import Record
from models.db.tables import Member
from models.errors import NotFound
from permissions.principal import OPERATOR, Scope
from permissions.roles import Role


class MovedIn(NamedTuple):
    """A new workspace. `link` sets the admin's password."""

    scope: Scope
    admin: Member
    link: PasswordLink


async def create(name: str, *, timezone: str, default_country: str | None, admin_email: str) -> MovedIn:
    """Makes a workspace and its first admin. Raises Invalid or Problems."""
    async with db.transaction():
        made = await workspaces.create(name, timezone=timezone, default_country=default_country)
        scope = replace(made, principal=OPERATOR)
        details = {"name": name, "timezone": scope.timezone, "default_country": scope.default_country}
        await audit_log.record(scope, "workspace_create", "Workspace", scope.workspace_id, details)
        admin, link = await add_member(scope, admin_email, None, Role.ADMIN)
    return MovedIn(scope, admin, link)


async def add_member(scope: Scope, email: str, name: str | None, role: Role) -> tuple[Member, PasswordLink]:
    """Adds a member without a password. Without `name` the member is called as the e-mail begins.

    Raises Problems, Invalid or Taken.
    """
    async with db.transaction():
        called = name or email.partition("@")[0] or email
        member = await members.create(scope, email=email, name=called, password=None, role=role)
        return member, await password_links.create(scope, member.id)


# In all workspaces.
_ALL = "/* all workspaces */ SELECT id, name, timezone, default_country, created_at, deleted_at FROM workspaces ORDER BY id"

_COUNTS = """
    SELECT (SELECT count(*) FROM members WHERE workspace_id = $1) AS members,
           (SELECT count(*) FROM contacts WHERE workspace_id = $1) AS contacts
"""


async def every_workspace() -> list[tuple[Record, Record]]:
    """Returns all workspaces, each with its counts of `members` and `contacts`."""
    counted = []
    for row in await db.fetch(_ALL):
        counts = await db.fetch_row(_COUNTS, row["id"])
        assert counts is not None
        counted.append((row, counts))
    return counted


async def find_workspaces(text: str) -> list[Record]:
    """Returns the workspaces with this id or name, as an operator types it: several can have the same name."""
    rows = await db.fetch(_ALL)
    by_id = [row for row in rows if text == str(row["id"])]
    return by_id or [row for row in rows if text.strip().lower() == row["name"].lower()]


def operator_scope(workspace: Record) -> Scope:
    """Returns the scope of an operator in the workspace of this row."""
    return Scope(workspace["id"], OPERATOR, workspace["timezone"], workspace["default_country"])


async def get_member(scope: Scope, email: str) -> Member:
    """Raises Invalid when this is no e-mail address, or NotFound."""
    member = await members.find_by_email(scope, email)
    if member is None:
        raise NotFound(f"{email} is not a member of this workspace")
    return member
