"""Links that let a member set a password once, within a day. There is no mail server: who makes a link passes it on."""

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple

from models import clock, db
from models.accounts import audit_log, members
from models.accounts.new_passwords import new_hash
from models.accounts.sessions import Signing
from models.accounts.sign_in import NOBODY, Asker, SignedIn, begin, get_member_row
from models.db import Record
from models.errors import Invalid, at
from permissions.principal import Scope

VALID_FOR: Final = timedelta(days=1)

PATH: Final = "/password/"
"""The page that a link opens is below this path; the token follows."""


class PasswordLink(NamedTuple):
    """A new link. `token` is shown once; its hash is stored."""

    token: str
    expires_at: datetime

    def url(self, base_url: str) -> str:
        return f"{base_url}{PATH}{self.token}"


_CREATE = """
    INSERT INTO password_links (workspace_id, member_id, secret_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (workspace_id, member_id) DO UPDATE SET
        secret_hash = excluded.secret_hash, created_at = excluded.created_at, expires_at = excluded.expires_at
"""


async def create(scope: Scope, member_id: int) -> PasswordLink:
    """Makes a link and ends an earlier one. Raises NotFound at `id`, Forbidden (the member has more permissions)."""
    secret = secrets.token_urlsafe(32)
    moment = clock.now()
    async with db.transaction():
        await members.get_to_change(scope, member_id)
        digest = _digest(secret)
        await db.execute(_CREATE, scope.workspace_id, member_id, digest, moment, moment + VALID_FOR)
        await audit_log.record(scope, "member_invite", "Member", member_id)
    return PasswordLink(f"{scope.workspace_id}.{member_id}.{secret}", moment + VALID_FOR)


_FIND = """
    SELECT l.secret_hash, p.workspace_id, p.id, p.email, p.name, w.name AS workspace
    FROM password_links l
    JOIN members p ON p.workspace_id = l.workspace_id AND p.id = l.member_id
    JOIN workspaces w ON w.id = l.workspace_id
    WHERE l.workspace_id = $1 AND l.member_id = $2 AND l.expires_at > $3 AND p.workspace_id = $1 AND w.id = $1
"""


async def find(token: str) -> Record | None:
    """Returns `email` and `name` of the member and the name of the `workspace`, or None when the link is not valid."""
    workspace_id, _, rest = token.partition(".")
    member_id, _, secret = rest.partition(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 19 for part in (workspace_id, member_id)):
        return None
    row = await db.fetch_row(_FIND, int(workspace_id), int(member_id), clock.now())
    return row if row is not None and hmac.compare_digest(row["secret_hash"], _digest(secret)) else None


# Deleted by its hash: of two who set a password at once, one succeeds.
_USE = "DELETE FROM password_links WHERE workspace_id = $1 AND member_id = $2 AND secret_hash = $3 RETURNING 1"

_SET = """
    UPDATE members SET password_hash = $3, password_version = password_version + 1, updated_at = $4
    WHERE workspace_id = $1 AND id = $2
"""


async def set_password(token: str, new: str, signing: Signing, asker: Asker = NOBODY) -> SignedIn:
    """Sets the password, ends the link and all sessions, and signs in. Raises Invalid at `token` or `new`."""
    member = await find(token)
    if member is None:
        raise _not_good()
    with at("new"):
        password_hash = await new_hash(new, email=member["email"], about=[member["name"], member["workspace"]])
    key = (member["workspace_id"], member["id"])
    async with db.transaction():
        if await db.fetch_value(_USE, *key, member["secret_hash"]) is None:
            raise _not_good()
        await db.execute(_SET, *key, password_hash, clock.now())
        return await begin(await get_member_row(*key), signing, asker, "password_set")


def _not_good() -> Invalid:
    return Invalid("this link is not good, or no longer: it works once, for a day. Ask for a new one", ("token",))


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "replace")).hexdigest()
