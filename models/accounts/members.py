"""The members of a workspace.

Callers grant only permissions that they have, and change only members who have no others. One ADMIN always stays.
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


def permissions_of_member(member: Member) -> frozenset[Permission]:
    return permissions_of(Role(member.role), map(Permission, member.permissions))


async def everyone(scope: Scope) -> list[Member]:
    """Returns all members, sorted by name."""
    return await Member.filter(workspace_id=scope.workspace_id).order_by("name", "id")


async def find_by_email(scope: Scope, email: str) -> Member | None:
    """Raises Invalid when `email` is not an e-mail address."""
    return await Member.get_or_none(workspace_id=scope.workspace_id, email=normal_email(email))


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[Member]:
    return await Member.filter(workspace_id=scope.workspace_id, id__in=list(ids))


async def create(
    scope: Scope, *, email: str, name: str, password: str, role: Role, permissions: Iterable[Permission] = ()
) -> Member:
    """Only a USER is granted `permissions`. Raises Problems or Invalid at the parameter, or Taken at `email`."""
    checked = _checked({"email": email, "name": name, "password": password})
    granted = _granted(scope, role, frozenset(permissions))
    password_hash = await hashed(checked["password"])
    try:
        async with db.transaction():
            member = await Member.create(
                workspace_id=scope.workspace_id,
                email=checked["email"],
                name=checked["name"],
                role=role.value,
                permissions=granted,
                password_hash=password_hash,
            )
            await audit_log.record(scope, "member_create", "Member", member.id, {"role": role, "permissions": granted})
    except UniqueViolation as error:
        raise Taken(f"{checked['email']} is a member already", ("email",)) from error
    return member


async def update(scope: Scope, member_id: int, changes: Mapping[str, Any]) -> Member:
    """Change `name`, `role` (a Role), `permissions` (of a USER) or `password` (which ends the sessions).

    Who becomes a USER has only the permissions in `changes`. Raises NotFound at `id`, Problems, Forbidden (the member has more
    permissions) or NotAllowedInState (the last ADMIN).
    """
    checked = _checked(changes)
    password_hash = await hashed(checked["password"]) if "password" in checked else None
    async with db.transaction():
        member = await _get_to_change(scope, member_id)
        before = _settings(member)
        _apply(scope, member, checked)
        if password_hash is not None:
            member.password_hash = password_hash
            member.password_version += 1
        changed = [key for key, value in _settings(member).items() if value != before[key]]
        if changed:
            if member.role != Role.ADMIN:
                await _need_another_admin(scope, member_id)
            await member.save()
            details = {"fields": changed, "role": member.role, "permissions": member.permissions}
            await audit_log.record(scope, "member_update", "Member", member.id, details)
    return member


async def delete(scope: Scope, member_id: int) -> None:
    """What the member made stays. Raises NotFound at `id`, Forbidden or NotAllowedInState (the last ADMIN)."""
    async with db.transaction():
        await _get_to_change(scope, member_id)
        await _need_another_admin(scope, member_id)
        await Member.filter(workspace_id=scope.workspace_id, id=member_id).delete()
        await audit_log.record(scope, "member_delete", "Member", member_id)


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
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
    """Raises Invalid for what the caller or the role lacks."""
    if role is not Role.USER and not permissions <= permissions_of(role, ()):
        beyond = ", ".join(sorted(permissions - permissions_of(role, ())))
        raise Invalid(f"a {role} has the permissions of the role, and {beyond} is not among them", ("permissions",))
    lacking = ungrantable(scope.principal, permissions_of(role, permissions))
    if lacking:
        field = "permissions" if role is Role.USER else "role"
        raise Invalid(f"you can't give what you don't hold yourself: {', '.join(sorted(lacking))}", (field,))
    return sorted(permissions) if role is Role.USER else []


def _apply(scope: Scope, member: Member, checked: Mapping[str, Any]) -> None:
    member.name = checked.get("name", member.name)
    if "role" not in checked and "permissions" not in checked:
        return
    role = Role(checked.get("role", member.role))
    kept = map(Permission, member.permissions) if role == member.role else ()
    member.permissions = _granted(scope, role, frozenset(checked.get("permissions", kept)))
    member.role = role.value


def _settings(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "role": member.role,
        "permissions": sorted(member.permissions),
        "password": member.password_version,
    }


async def _get_to_change(scope: Scope, member_id: int) -> Member:
    """Locks all members of the workspace: two admins must not remove each other."""
    await db.advisory_lock(f"members:{scope.workspace_id}")
    member = await Member.get_or_none(workspace_id=scope.workspace_id, id=member_id)
    if member is None:
        raise NotFound("there is no such member", ("id",))
    if ungrantable(scope.principal, permissions_of_member(member)):
        raise Forbidden(
            "this member may do more than you, so only somebody who may do as much can change or remove them"
        )
    return member


async def _need_another_admin(scope: Scope, member_id: int) -> None:
    admins = Member.filter(workspace_id=scope.workspace_id, role=Role.ADMIN.value)
    if [admin.id for admin in await admins.only("id")] == [member_id]:
        raise NotAllowedInState("this is the last ADMIN of the workspace: make another member ADMIN first", ("id",))
