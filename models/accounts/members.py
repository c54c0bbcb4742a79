"""The members of a workspace: who they are and what they may do.

Nobody hands on, or takes hold of, more than they have: a caller grants only what it holds, and neither changes nor
removes a member who may do something that the caller may not. A workspace keeps at least one ADMIN.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from models import db
from models.accounts import audit_log
from models.accounts.passwords import check_password, hashed
from models.db import UniqueViolation
from models.db.tables import Member
from models.errors import DomainError, Forbidden, Invalid, NotAllowedInState, NotFound, Problems, Taken
from models.values.emails import normal_email
from models.values.texts import check_name
from permissions.capabilities import Permission
from permissions.policy import ungrantable
from permissions.principal import Scope
from permissions.roles import Role, permissions_of


def powers_of(person: Member) -> frozenset[Permission]:
    """All that a member may do."""
    return permissions_of(Role(person.role), map(Permission, person.permissions))


async def everyone(scope: Scope) -> list[Member]:
    """The members, in the order of their names."""
    return await Member.filter(workspace_id=scope.workspace_id).order_by("name", "id")


async def find_by_email(scope: Scope, email: str) -> Member | None:
    """The member with this e-mail."""
    return await Member.get_or_none(workspace_id=scope.workspace_id, email=normal_email(email))


async def by_ids(scope: Scope, numbers: Sequence[int]) -> list[Member]:
    """Those of `numbers` that are members of the scope's workspace."""
    return await Member.filter(workspace_id=scope.workspace_id, id__in=list(numbers))


async def create(
    scope: Scope, *, email: str, name: str, password: str, role: Role, permissions: Iterable[Permission] = ()
) -> Member:
    """A new member. `permissions` are what a USER is granted; the other roles bring their own.

    Raises Problems (INVALID at `email`, `name`, `password`, `role` or `permissions`) or Taken at `email`.
    """
    wanted = _checked({"email": email, "name": name, "password": password})
    granted = _granted(scope, role, frozenset(permissions))
    password_hash = await hashed(wanted["password"])
    try:
        async with db.transaction():
            person = await Member.create(
                workspace_id=scope.workspace_id,
                email=wanted["email"],
                name=wanted["name"],
                role=role.value,
                permissions=granted,
                password_hash=password_hash,
            )
            await audit_log.record(scope, "member_create", "Member", person.id, {"role": role, "permissions": granted})
    except UniqueViolation as error:
        raise Taken(f"{wanted['email']} is a member already", ("email",)) from error
    return person


async def update(scope: Scope, number: int, changes: Mapping[str, Any]) -> Member:
    """Change a member: any of `name`, `role` (a Role), `permissions` (Permissions of a USER) and `password`.

    A member who becomes a USER has only the permissions given along. A new password ends the member's sessions.
    Raises NotFound at `id`, Problems, Forbidden (the member may do more than the caller) or NotAllowedInState (the last ADMIN).
    """
    wanted = _checked(changes)
    password_hash = await hashed(wanted["password"]) if "password" in wanted else None
    async with db.transaction():
        person = await _get_to_change(scope, number)
        before = _settings(person)
        _apply(scope, person, wanted)
        if password_hash is not None:
            person.password_hash = password_hash
            person.password_version += 1
        changed = [key for key, value in _settings(person).items() if value != before[key]]
        if changed:
            if person.role != Role.ADMIN:
                await _need_another_admin(scope, number)
            await person.save()
            details = {"fields": changed, "role": person.role, "permissions": person.permissions}
            await audit_log.record(scope, "member_update", "Member", person.id, details)
    return person


async def delete(scope: Scope, number: int) -> None:
    """Remove a member; what they made stays. Raises NotFound at `id`, Forbidden or NotAllowedInState (the last ADMIN)."""
    async with db.transaction():
        await _get_to_change(scope, number)
        await _need_another_admin(scope, number)
        await Member.filter(workspace_id=scope.workspace_id, id=number).delete()
        await audit_log.record(scope, "member_delete", "Member", number)


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are stored; every mistake in them at once."""
    checks = {"email": normal_email, "name": check_name, "password": check_password}
    checked: dict[str, Any] = {}
    problems: list[DomainError] = []
    for key, value in values.items():
        try:
            checked[key] = checks[key](value) if key in checks else value
        except Invalid as error:
            problems.append(error.under(key))
    if problems:
        raise Problems(problems)
    return checked


def _granted(scope: Scope, role: Role, permissions: frozenset[Permission]) -> list[str]:
    """What is stored as granted to a member of `role`. Raises Invalid when the caller can't give that much."""
    if role is not Role.USER and not permissions <= permissions_of(role, ()):
        beyond = ", ".join(sorted(permissions - permissions_of(role, ())))
        raise Invalid(f"a {role} has the permissions of the role, and {beyond} is not among them", ("permissions",))
    lacking = ungrantable(scope.principal, permissions_of(role, permissions))
    if lacking:
        place = "permissions" if role is Role.USER else "role"
        raise Invalid(f"you can't give what you don't hold yourself: {', '.join(sorted(lacking))}", (place,))
    return sorted(permissions) if role is Role.USER else []


def _apply(scope: Scope, person: Member, wanted: Mapping[str, Any]) -> None:
    person.name = wanted.get("name", person.name)
    if "role" not in wanted and "permissions" not in wanted:
        return
    role = Role(wanted.get("role", person.role))
    kept = map(Permission, person.permissions) if role == person.role else ()
    person.permissions = _granted(scope, role, frozenset(wanted.get("permissions", kept)))
    person.role = role.value


def _settings(person: Member) -> dict[str, Any]:
    return {
        "name": person.name,
        "role": person.role,
        "permissions": sorted(person.permissions),
        "password": person.password_version,
    }


async def _get_to_change(scope: Scope, number: int) -> Member:
    """The member, locked. Changes of a workspace's members take turns, so that two admins can't remove each other."""
    await db.advisory_lock(f"members:{scope.workspace_id}")
    person = await Member.get_or_none(workspace_id=scope.workspace_id, id=number)
    if person is None:
        raise NotFound("there is no such member", ("id",))
    if ungrantable(scope.principal, powers_of(person)):
        raise Forbidden(
            "this member may do more than you, so only somebody who may do as much can change or remove them"
        )
    return person


async def _need_another_admin(scope: Scope, number: int) -> None:
    """Refuse to take away the only ADMIN that the workspace has, if that is this member."""
    admins = Member.filter(workspace_id=scope.workspace_id, role=Role.ADMIN.value)
    if [admin.id for admin in await admins.only("id")] == [number]:
        raise NotAllowedInState("this is the last ADMIN of the workspace: make another member ADMIN first", ("id",))
