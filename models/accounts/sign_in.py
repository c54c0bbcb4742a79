"""Signing in by e-mail and password."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from models import db
from models.accounts import audit_log, devices, sessions, sign_in_attempts, sign_in_emails
from models.accounts.passwords import LONGEST, hashed, matching, share_salt
from models.accounts.scopes import scope_of_member
from models.accounts.sessions import Signing
from models.db import Record
from models.errors import Conflict, Invalid
from permissions.principal import Scope


@dataclass(frozen=True, slots=True)
class Asker:
    """Where a sign-in comes from. `device` is the token that an earlier sign-in gave to the device."""

    request_id: str | None = None
    address: str | None = None
    device: str | None = None


class SignedIn(NamedTuple):
    """`token` is that of the session; `device` is the token that the device keeps."""

    token: str
    scope: Scope
    device: str


NOBODY = Asker()

_MEMBER = """
    SELECT p.workspace_id, p.id, p.email, p.password_hash, p.password_version, p.role, p.permissions,
           w.timezone, w.default_country
    FROM members p JOIN workspaces w ON w.id = $1
    WHERE p.workspace_id = $1 AND p.id = $2
"""


async def sign_in(
    email: str,
    password: str,
    signing: Signing,
    *,
    workspace_id: int | None = None,
    asker: Asker = NOBODY,
    action: str = "sign_in",
) -> SignedIn:
    """Starts a session. `workspace_id` is needed when several workspaces have such a member. `action` is for the audit log.

    Raises Invalid (the same message after the same time, whatever is wrong), Throttled, or Conflict at `workspaceId`.
    """
    stored_email = email.strip().lower().replace("\x00", "")
    device = devices.find(asker.device, stored_email, signing)
    attempts = sign_in_attempts.attempts_of(stored_email, asker.address, device)
    await sign_in_attempts.count(attempts)
    candidates = await _candidates(stored_email, workspace_id)
    members = await _with_password(candidates, password)
    if not members:
        raise Invalid("no member has this e-mail and password")
    await sign_in_attempts.forget(attempts)
    if len(members) > 1:
        raise Conflict(
            f"you are a member of {len(members)} workspaces with this e-mail and password: say which one by `workspaceId`",
            ("workspaceId",),
        )
    await _share_salt(members[0], candidates, password)
    return await begin(members[0], signing, asker, action)


async def _candidates(email: str, workspace_id: int | None) -> list[Record]:
    """In all workspaces, unless one is named. A workspace is asked only when it has such a member."""
    found = [await db.fetch_row(_MEMBER, *place) for place in await sign_in_emails.places(email, workspace_id)]
    return [row for row in found if row is not None and row["email"] == email]


async def get_member_row(workspace_id: int, member_id: int) -> Record:
    """Returns the row that `begin` takes."""
    row = await db.fetch_row(_MEMBER, workspace_id, member_id)
    assert row is not None
    return row


async def begin(member: Record, signing: Signing, asker: Asker, action: str) -> SignedIn:
    """Starts a session. `member` is a row of members with its workspace's `timezone` and `default_country`."""
    scope = scope_of_member(member, asker.request_id, asker.address)
    device = asker.device if devices.find(asker.device, member["email"], signing) else None
    async with db.transaction():
        token = await sessions.start(member, signing)
        await audit_log.record(scope, action, "Member", member["id"])
    claims = sessions.read(token, signing)
    assert claims is not None
    scope = replace(scope, session_id=claims.session_id)
    return SignedIn(token, scope, device or devices.remember(member["email"], signing))


async def _with_password(candidates: Sequence[Record], password: str) -> list[Record]:
    if len(password) > LONGEST or "\x00" in password:
        await matching(password[:LONGEST], [])
        return []
    hits = await matching(password, [row["password_hash"] for row in candidates])
    return [row for row, hit in zip(candidates, hits, strict=True) if hit]


_REPLACE_HASH = """
    UPDATE members SET password_hash = $4 WHERE workspace_id = $1 AND id = $2 AND password_hash = $3
"""


async def _share_salt(member: Record, candidates: Sequence[Record], password: str) -> None:
    """Members of several workspaces have hashes with one salt, so that their sign-ins take no longer than others'."""
    first = next(row["password_hash"] for row in candidates if row["password_hash"])
    if not share_salt(first, member["password_hash"]):
        again = await hashed(password, first)
        await db.execute(_REPLACE_HASH, member["workspace_id"], member["id"], member["password_hash"], again)
