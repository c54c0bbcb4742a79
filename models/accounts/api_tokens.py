"""API tokens: how an app signs in. The secret is shown once; only its hash is kept.

A token belongs to the workspace, not to whoever made it: it has exactly the permissions it was made with (never more than its
maker had then) until it expires or is revoked.
"""

import hashlib
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from models import clock, db
from models.accounts import audit_log
from models.db import Record
from models.db.tables import ApiToken
from models.errors import Invalid, NotFound, at
from models.values.texts import check_name
from permissions.capabilities import Permission
from permissions.policy import ungrantable
from permissions.principal import PrincipalKind, Scope

PREFIX: Final = "muster_"
"""What each secret begins with, so that one that leaked is recognised."""


async def create(
    scope: Scope, *, name: str, permissions: Iterable[Permission], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """A new token and its secret, which nobody can be told again. Raises Invalid at `name`, `permissions` or `expiresAt`."""
    wanted = frozenset(permissions)
    lacking = ungrantable(scope.principal, wanted)
    if lacking:
        raise Invalid(f"you can't give what you don't hold yourself: {', '.join(sorted(lacking))}", ("permissions",))
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid("this is past: a token expires at a time to come, or never (null)", ("expiresAt",))
    with at("name"):
        called = check_name(name)
    secret = PREFIX + secrets.token_urlsafe(32)
    async with db.transaction():
        token = await ApiToken.create(
            workspace_id=scope.workspace_id,
            name=called,
            secret_hash=hash_of(secret),
            permissions=sorted(wanted),
            created_by=scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None,
            expires_at=expires_at,
        )
        await audit_log.record(scope, "api_token_create", "ApiToken", token.id, {"permissions": sorted(wanted)})
    return token, secret


async def revoke(scope: Scope, number: int) -> ApiToken:
    """End a token now. Once more changes nothing. Raises NotFound at `id`."""
    async with db.transaction():
        ended = await ApiToken.filter(workspace_id=scope.workspace_id, id=number, revoked_at=None).update(
            revoked_at=clock.now()
        )
        token = await ApiToken.get_or_none(workspace_id=scope.workspace_id, id=number)
        if token is None:
            raise NotFound("there is no such API token", ("id",))
        if ended:
            await audit_log.record(scope, "api_token_revoke", "ApiToken", number)
    return token


async def every(scope: Scope) -> list[ApiToken]:
    """All tokens, revoked ones too, newest first."""
    return await ApiToken.filter(workspace_id=scope.workspace_id).order_by("-id")


async def by_ids(scope: Scope, numbers: Sequence[int]) -> list[ApiToken]:
    """Those of `numbers` that are tokens of the scope's workspace."""
    return await ApiToken.filter(workspace_id=scope.workspace_id, id__in=list(numbers))


# A token that is good now, with its workspace; by the hash, so that the comparison tells nothing of the secret.
_FIND = """
    SELECT t.workspace_id, t.id, t.permissions, t.last_used_at, w.timezone, w.default_country
    FROM api_tokens t JOIN workspaces w ON w.id = t.workspace_id
    WHERE t.secret_hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)
"""

_USED = """
    UPDATE api_tokens SET last_used_at = $3
    WHERE workspace_id = $1 AND id = $2 AND (last_used_at IS NULL OR last_used_at < $3::timestamptz - interval '1 minute')
"""


async def find_by_secret(secret: str) -> Record | None:
    """The good token behind `secret`, with its workspace's settings; None when there is none. Notes its use, once a minute."""
    moment = clock.now()
    token = await db.fetch_row(_FIND, hash_of(secret), moment)
    if token is not None and (token["last_used_at"] is None or (moment - token["last_used_at"]).total_seconds() > 60):
        await db.execute(_USED, token["workspace_id"], token["id"], moment)
    return token


def hash_of(secret: str) -> str:
    """What is stored of a secret. It has 256 random bits: a plain digest keeps it, and finds it by an index."""
    return hashlib.sha256(secret.encode()).hexdigest()
