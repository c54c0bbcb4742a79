"""The members of a workspace.

Callers grant only permissions that they have, and change only members who have no others. One ADMIN always stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from models import clock, db
from models.accounts import audit_log, sign_in_emails
from models.accounts.new_passwords import new_hash
from models.accounts.passwords import check_password
from models.accounts.sign_in_emails import Place
from models.db import UniqueViolation
from models.db.tables import Member
from models.errors import DomainError, Forbidden, Invalid, NotAllowedInState, NotFound, Problems, Taken, at
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
    scope: Scope, *, email: str, name: str, password: str | None, role: Role, permissions: Iterable[Permission] = ()
) -> Member:
    """Only a USER is granted `permissions`. Without a password the member sets one by a link (password_links).

    Raises Problems or Invalid at the parameter, or Taken at `email`.
    """
    given = {"email": email, "name": name, "password": password}
    checked = _checked({key: value for key, value in given.items() if value is not None})
    granted = _granted(scope, role, frozenset(permissions))
    password_hash = "" if password is None else await _new_hash(password, checked["email"], checked["name"])
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
            await sign_in_emails.add(member.email, Place(scope.workspace_id, member.id))
            details = {"name": member.name, "role": role, "permissions": granted}
            await audit_log.record(scope, "member_create", "Member", member.id, details)
    except UniqueViolation as error:
        raise Taken(f"{checked['email']} is a member already", ("email",)) from error
    return member


async def update(scope: Scope, member_id: int, changes: Mapping[str, Any]) -> Member:
    """Change `name`, `role` (a Role), `permissions` (of a USER) or `password` (which ends the sessions and an open link).

    Who becomes a USER has only the permissions in `changes`. Raises NotFound at `id`, Problems, Forbidden (the member has more
    permissions) or NotAllowedInState (the last ADMIN).
    """
    checked = _checked(changes)
    password_hash = await _hash_of_changed(scope, member_id, checked)
    async with db.transaction():
        member = await get_to_change(scope, member_id)
        before = _settings(member)
        _apply(scope, member, checked)
        if password_hash is not None:
            member.password_hash = password_hash
            member.password_version += 1
        changed = [key for key, value in _settings(member).items() if value != before[key]]
        if changed:
            if before["role"] == Role.ADMIN and member.role != Role.ADMIN:
                await _need_another_admin(scope, member_id)
            await _store(member)
            if password_hash is not None:
                await db.execute(_END_LINK, scope.workspace_id, member_id)
            details = {"fields": changed, "role": member.role, "permissions": member.permissions}
            await audit_log.record(scope, "member_update", "Member", member.id, details)
    return member


async def _hash_of_changed(scope: Scope, member_id: int, checked: Mapping[str, Any]) -> str | None:
    """None: no new password. Before the transaction: it takes a while."""
    if "password" not in checked:
        return None
    member = await Member.get_or_none(workspace_id=scope.workspace_id, id=member_id)
    if member is None:
        raise _no_such_member()
    return await _new_hash(checked["password"], member.email, checked.get("name", member.name))


async def _new_hash(password: str, email: str, name: str) -> str:
    with at("password"):
        return await new_hash(password, email=email, about=[name])


_END_LINK = "DELETE FROM password_links WHERE workspace_id = $1 AND member_id = $2"


async def _store(member: Member) -> None:
    member.updated_at = clock.now()
    columns = ("name", "role", "permissions", "password_hash", "password_version", "updated_at")
    values = {column: getattr(member, column) for column in columns}
    await Member.filter(workspace_id=member.workspace_id, id=member.id).update(**values)


async def delete(scope: Scope, member_id: int) -> None:
    """What the member made stays. Raises NotFound at `id`, Forbidden or NotAllowedInState (the last ADMIN)."""
    async with db.transaction():
        member = await get_to_change(scope, member_id)
        if member.role == Role.ADMIN:
            await _need_another_admin(scope, member_id)
        await Member.filter(workspace_id=scope.workspace_id, id=member_id).delete()
        await sign_in_emails.remove(Place(scope.workspace_id, member_id))
        await audit_log.record(scope, "member_delete", "Member", member_id, {"name": member.name, "role": member.role})


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


async def get_to_change(scope: Scope, member_id: int) -> Member:
    """Locks all members of the workspace until the end of the transaction: two admins must not remove each other.

    Raises NotFound at `id`, or Forbidden (the member has more permissions).
    """
    await db.advisory_lock(f"members:{scope.workspace_id}")
    member = await Member.get_or_none(workspace_id=scope.workspace_id, id=member_id)
    if member is None:
        raise _no_such_member()
    if ungrantable(scope.principal, permissions_of_member(member)):
        raise Forbidden(
            "this member may do more than you, so only somebody who may do as much can change or remove them"
        )
    return member


def _no_such_member() -> NotFound:
    return NotFound("there is no such member", ("id",))


async def _need_another_admin(scope: Scope, member_id: int) -> None:
    """One who has a password, and so can sign in."""
    admins = Member.filter(workspace_id=scope.workspace_id, role=Role.ADMIN.value)
    if not await admins.exclude(id=member_id).exclude(password_hash="").exists():
        raise NotAllowedInState(
            "this is the last ADMIN of the workspace who can sign in: make another member ADMIN first", ("id",)
        )
