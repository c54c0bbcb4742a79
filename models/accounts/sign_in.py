from collections.abc import Sequence
from typing import NamedTuple

from models import db
from models.accounts import audit_log, sign_in_attempts
from models.accounts.passwords import LONGEST, matches
from models.accounts.scopes import scope_of_member
from models.accounts.sessions import Signing, issue
from models.db import Record
from models.errors import Conflict, Invalid
from permissions.principal import Scope


class SignedIn(NamedTuple):
    token: str
    scope: Scope


_CANDIDATES = """
    SELECT p.workspace_id, p.id, p.password_hash, p.password_version, p.role, p.permissions, w.timezone, w.default_country
    FROM members p JOIN workspaces w ON w.id = p.workspace_id
    WHERE p.email = $1 AND ($2::bigint IS NULL OR p.workspace_id = $2)
    ORDER BY p.workspace_id LIMIT 20
"""


async def sign_in(
    email: str,
    password: str,
    signing: Signing,
    *,
    workspace_id: int | None = None,
    request_id: str | None = None,
    address: str | None = None,
) -> SignedIn:
    """`workspace_id` is needed when several workspaces have such a member.

    Raises Invalid (the same message after the same time, whatever is wrong), Throttled, or Conflict at `workspaceId`.
    """
    stored_email = email.strip().lower().replace("\x00", "")
    attempts = sign_in_attempts.attempts_of(stored_email, address)
    await sign_in_attempts.count(attempts)
    candidates = await db.fetch(_CANDIDATES, stored_email, workspace_id)
    members = await _with_password(candidates, password)
    if not members:
        raise Invalid("no member has this e-mail and password")
    await sign_in_attempts.forget(attempts)
    if len(members) > 1:
        raise Conflict(
            f"you are a member of {len(members)} workspaces with this e-mail and password: say which one by `workspaceId`",
            ("workspaceId",),
        )
    scope = scope_of_member(members[0], request_id, address)
    await audit_log.record(scope, "sign_in", "Member", members[0]["id"])
    return SignedIn(issue(members[0], signing), scope)


async def _with_password(candidates: Sequence[Record], password: str) -> list[Record]:
    if len(password) > LONGEST or "\x00" in password or not candidates:
        await matches(password[:LONGEST], None)
        return []
    return [row for row in candidates if await matches(password, row["password_hash"])]
