"""A member's change of the own password."""

from models import clock, db
from models.accounts import audit_log, sign_in_attempts
from models.accounts.new_passwords import new_hash
from models.accounts.passwords import LONGEST, matching
from models.db.tables import Member
from models.errors import Invalid, Unsupported, at
from permissions.principal import PrincipalKind, Scope

_CHANGE = """
    UPDATE members SET password_hash = $3, password_version = password_version + 1, updated_at = $4
    WHERE workspace_id = $1 AND id = $2 AND password_hash = $5 RETURNING password_version
"""

_KEEP_SESSION = """
    UPDATE member_sessions SET password_version = $4 WHERE workspace_id = $1 AND id = $2 AND member_id = $3
"""

_END_OTHERS = "DELETE FROM member_sessions WHERE workspace_id = $1 AND member_id = $2 AND id IS DISTINCT FROM $3"


async def change(scope: Scope, current: str, new: str) -> Member:
    """Changes the caller's password, and ends the member's other sessions and an open link.

    Raises Unsupported (not a member), Throttled, or Invalid at `current` or `new`.
    """
    if scope.principal.kind is not PrincipalKind.MEMBER or scope.principal.id is None:
        raise Unsupported("only a member who has signed in has a password")
    member = await Member.get(workspace_id=scope.workspace_id, id=scope.principal.id)
    await _check_current(scope, member, current)
    with at("new"):
        if new == current:
            raise Invalid("this is the password that you have: take another one")
        password_hash = await new_hash(new, email=member.email, about=[member.name])
    async with db.transaction():
        await _store(scope, member, password_hash)
        await audit_log.record(scope, "password_change", "Member", member.id)
    return member


async def _check_current(scope: Scope, member: Member, current: str) -> None:
    attempts = sign_in_attempts.attempts_on_own_password(scope.workspace_id, member.id)
    await sign_in_attempts.count(attempts)
    if len(current) > LONGEST or not (await matching(current, [member.password_hash]))[0]:
        raise Invalid("this is not your password", ("current",))
    await sign_in_attempts.forget(attempts)


async def _store(scope: Scope, member: Member, password_hash: str) -> None:
    key = (scope.workspace_id, member.id)
    version = await db.fetch_value(_CHANGE, *key, password_hash, clock.now(), member.password_hash)
    if version is None:
        raise Invalid("this is no longer your password: it was changed a moment ago", ("current",))
    await db.execute(_END_OTHERS, *key, scope.session_id)
    await db.execute(_KEEP_SESSION, scope.workspace_id, scope.session_id, member.id, version)
    await db.execute("DELETE FROM password_links WHERE workspace_id = $1 AND member_id = $2", *key)
