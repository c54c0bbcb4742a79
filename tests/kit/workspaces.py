"""Workspaces and callers for tests."""

from models.accounts import members, workspaces
from models.accounts.members import Role
from models.db.tables import Member
from permissions.capabilities import ALL_PERMISSIONS, Permission
from permissions.principal import Principal, PrincipalKind, Scope


async def new_workspace(
    name: str = "Acme", *, timezone: str = "Europe/Madrid", default_country: str | None = "ES"
) -> Scope:
    """A new workspace, seen by Muster itself."""
    return await workspaces.create(name, timezone=timezone, default_country=default_country)


async def new_member(
    scope: Scope, role: Role = Role.ADMIN, permissions: tuple[Permission, ...] = (), *, name: str | None = None
) -> Member:
    """A member whose e-mail is made from the name, and whose password is PASSWORD."""
    called = name or f"{role.value.lower()} {len(await members.everyone(scope))}"
    email = f"{called.replace(' ', '.')}@example.com"
    return await members.create(scope, email=email, name=called, password=PASSWORD, role=role, permissions=permissions)


PASSWORD = "correct horse battery"


def as_member(scope: Scope, person: Member) -> Scope:
    """The scope of a member, as a session stands for it."""
    return Scope(
        scope.workspace_id,
        Principal(PrincipalKind.MEMBER, person.id, members.permissions_of_member(person)),
        timezone=scope.timezone,
        default_country=scope.default_country,
        request_id="test",
        address="192.0.2.1",
    )


def with_permissions(scope: Scope, *permissions: Permission) -> Scope:
    """The scope of somebody with exactly these permissions, who is no member."""
    return Scope(
        scope.workspace_id,
        Principal(PrincipalKind.TOKEN, 0, frozenset(permissions)),
        timezone=scope.timezone,
        default_country=scope.default_country,
    )


ALL = ALL_PERMISSIONS
