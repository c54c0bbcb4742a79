"""API tokens of a workspace. A secret is shown once; only its hash is stored."""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
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
"""Lets scanners find leaked secrets."""


async def create(
    scope: Scope, *, name: str, permissions: Iterable[Permission], expires_at: datetime | None = None
) -> tuple[ApiToken, str]:
    """The token and its secret. Raises Invalid at `name`, `permissions` or `expiresAt`."""
    granted = frozenset(permissions)
    lacking = ungrantable(scope.principal, granted)
    if lacking:
        raise Invalid(f"you can't give what you don't hold yourself: {', '.join(sorted(lacking))}", ("permissions",))
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid("this is past: a token expires at a time to come, or never (null)", ("expiresAt",))
    with at("name"):
        checked_name = check_name(name)
    secret = PREFIX + secrets.token_urlsafe(32)
    async with db.transaction():
        token = await ApiToken.create(
            workspace_id=scope.workspace_id,
            name=checked_name,
            secret_hash=hash_of(secret),
            permissions=sorted(granted),
            created_by=scope.principal.id if scope.principal.kind is PrincipalKind.MEMBER else None,
            expires_at=expires_at,
        )
        await audit_log.record(scope, "api_token_create", "ApiToken", token.id, {"permissions": sorted(granted)})
    return token, secret


async def revoke(scope: Scope, token_id: int) -> ApiToken:
    """Revokes the token if it is active. Raises NotFound at `id` when there is none."""
    async with db.transaction():
        revoked = await ApiToken.filter(workspace_id=scope.workspace_id, id=token_id, revoked_at=None).update(
            revoked_at=clock.now()
        )
        token = await ApiToken.get_or_none(workspace_id=scope.workspace_id, id=token_id)
        if token is None:
            raise NotFound("there is no such API token", ("id",))
        if revoked:
            await audit_log.record(scope, "api_token_revoke", "ApiToken", token_id)
    return token


async def every(scope: Scope) -> list[ApiToken]:
    """Returns all tokens, also revoked ones, newest first."""
    return await ApiToken.filter(workspace_id=scope.workspace_id).order_by("-id")


async def by_ids(scope: Scope, ids: Sequence[int]) -> list[ApiToken]:
    return await ApiToken.filter(workspace_id=scope.workspace_id, id__in=list(ids))


# In all workspaces: a secret does not name its own. Compares hashes, so that timing reveals nothing.
_FIND = """
    SELECT t.secret_hash, t.workspace_id, t.id, t.permissions, t.last_used_at, w.timezone, w.default_country
    FROM api_tokens t JOIN workspaces w ON w.id = t.workspace_id
    WHERE t.secret_hash = ANY ($1) AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)
"""

# SKIP LOCKED: a request must not wait for a change of its token.
_USED = """
    UPDATE api_tokens SET last_used_at = $3
    WHERE workspace_id = $1 AND id IN (
        SELECT id FROM api_tokens
        WHERE workspace_id = $1 AND id = ANY ($2) AND (last_used_at IS NULL OR last_used_at < $4)
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
"""

_USE_STORED_EVERY: Final = timedelta(minutes=1)


async def find_by_secrets(token_secrets: Collection[str]) -> dict[str, Record]:
    """Valid tokens by secret, with their workspace's settings. Stores their last use, once a minute."""
    by_hash = {hash_of(secret): secret for secret in token_secrets}
    moment = clock.now()
    found = await db.fetch(_FIND, list(by_hash), moment)
    before = moment - _USE_STORED_EVERY
    used = [token for token in found if token["last_used_at"] is None or token["last_used_at"] < before]
    if used:
        await _store_use(used, moment, before)
    return {by_hash[token["secret_hash"]]: token for token in found}


async def _store_use(used: Iterable[Record], moment: datetime, before: datetime) -> None:
    by_workspace: dict[int, list[int]] = {}
    for token in used:
        by_workspace.setdefault(token["workspace_id"], []).append(token["id"])
    for workspace_id, ids in by_workspace.items():
        await db.execute(_USED, workspace_id, ids, moment, before)


@lru_cache(maxsize=4096)
def hash_of(secret: str) -> str:
    """A plain digest is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
