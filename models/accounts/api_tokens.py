"""API tokens: how an app signs in. The secret is shown once; only its hash is kept.

A token belongs to the workspace, not to whoever made it: it has exactly the permissions it was made with (never more than its
maker had then) until it expires or is revoked.
"""

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


# The tokens that are good now, with their workspaces: a plain read of all workspaces, for a secret does not tell its own.
# By the hash, so that the comparison tells nothing of the secret.
_FIND = """
    SELECT t.secret_hash, t.workspace_id, t.id, t.permissions, t.last_used_at, w.timezone, w.default_country
    FROM api_tokens t JOIN workspaces w ON w.id = t.workspace_id
    WHERE t.secret_hash = ANY ($1) AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)
"""

# Leaves out tokens that somebody is changing: nobody who asks may have to wait for that.
_USED = """
    UPDATE api_tokens SET last_used_at = $3
    WHERE workspace_id = $1 AND id IN (
        SELECT id FROM api_tokens
        WHERE workspace_id = $1 AND id = ANY ($2) AND (last_used_at IS NULL OR last_used_at < $4)
        ORDER BY id FOR NO KEY UPDATE SKIP LOCKED)
"""

_NOTED_EVERY: Final = timedelta(minutes=1)


async def find_by_secrets(of: Collection[str]) -> dict[str, Record]:
    """The good tokens behind these secrets, by secret, with their workspace's settings. Notes their use, once a minute."""
    by_hash = {hash_of(secret): secret for secret in of}
    moment = clock.now()
    found = await db.fetch(_FIND, list(by_hash), moment)
    before = moment - _NOTED_EVERY
    used = [token for token in found if token["last_used_at"] is None or token["last_used_at"] < before]
    if used:
        await _note_use(used, moment, before)
    return {by_hash[token["secret_hash"]]: token for token in found}


async def _note_use(used: Iterable[Record], moment: datetime, before: datetime) -> None:
    by_workspace: dict[int, list[int]] = {}
    for token in used:
        by_workspace.setdefault(token["workspace_id"], []).append(token["id"])
    for workspace_id, numbers in by_workspace.items():
        await db.execute(_USED, workspace_id, numbers, moment, before)


@lru_cache(maxsize=4096)  # a secret is hashed once, not for each of its operations
def hash_of(secret: str) -> str:
    """What is stored of a secret. It has 256 random bits: a plain digest keeps it, and finds it by an index."""
    return hashlib.sha256(secret.encode()).hexdigest()
