"""Workspaces, members and scopes."""

from models.accounts import members, workspaces
from models.accounts.members import Role
from models.db.tables import Member
from permissions.capabilities import ALL_PERMISSIONS, Permission
from permissions.principal import Principal, PrincipalKind, Scope


async def new_workspace(
    name: str = "Acme", *, timezone: str = "Europe/Madrid", default_country: str | None = "ES"
) -> Scope:
    """The system scope of a new workspace."""
    return await workspaces.create(name, timezone=timezone, default_country=default_country)


async def new_member(
    scope: Scope, role: Role = Role.ADMIN, permissions: tuple[Permission, ...] = (), *, name: str | None = None
) -> Member:
    """A new member with PASSWORD and an e-mail made from the name."""
    name = name or f"{role.value.lower()} {len(await members.everyone(scope))}"
    email = f"{name.replace(' ', '.')}@example.com"
    return await members.create(scope, email=email, name=name, password=PASSWORD, role=role, permissions=permissions)


PASSWORD = "correct horse battery"


def as_member(scope: Scope, member: Member) -> Scope:
    """The scope of a member's session."""
    return Scope(
        scope.workspace_id,
        Principal(PrincipalKind.MEMBER, member.id, members.permissions_of_member(member)),
        timezone=scope.timezone,
        default_country=scope.default_country,
        request_id="test",
        address="192.0.2.1",
    )


def with_permissions(scope: Scope, *permissions: Permission) -> Scope:
    """A scope with exactly these permissions, of no member."""
    return Scope(
        scope.workspace_id,
        Principal(PrincipalKind.TOKEN, 0, frozenset(permissions)),
        timezone=scope.timezone,
        default_country=scope.default_country,
    )


ALL = ALL_PERMISSIONS
